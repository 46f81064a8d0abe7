"""Traces as people upload them, and what is wrong with them."""

import base64
import gzip

import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.serving.traces import MOST_BYTES, MOST_ROWS, of_csv, of_gzip, unpacked

HEAD = "arrival,input,output\n"


def _problem(text: str) -> tuple[str, str]:
    with pytest.raises(SpecError) as caught:
        of_csv(text)
    return caught.value.problems[0].code, caught.value.problems[0].message


def _packed(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def test_a_trace_starts_at_its_first_request() -> None:
    rows = of_csv("\ufeffTIMESTAMP, ContextTokens ,GeneratedTokens,x\n10,5,1,a\n12.5,7,2,b\n\n")

    assert rows.arrival_s.tolist() == [0.0, 2.5]
    assert rows.input_tokens.tolist() == [5, 7]
    assert rows.output_tokens.tolist() == [1, 2]
    assert rows.prefix.tolist() == [-1, -1]


def test_arrivals_may_be_dates_or_milliseconds() -> None:
    dates = of_csv("timestamp,input,output\n2023-11-16 18:15:46.5,1,1\n2023-11-16 18:15:48,1,1\n")
    milliseconds = of_csv("timestamp_ms,input,output\n0,1,1\n1500,1,1\n")

    assert dates.arrival_s.tolist() == milliseconds.arrival_s.tolist() == [0.0, 1.5]


def test_equal_prefixes_are_as_long_as_said_or_as_the_shortest_input() -> None:
    plain = of_csv("arrival,input,output,prefix\n0,90,1,a\n1,60,1,a\n2,50,1,\n")
    said = of_csv("arrival,input,output,prefix,prefix_tokens\n0,90,1,a,64\n1,60,1,a,64\n2,50,1,,0\n")

    assert (plain.prefix.tolist(), plain.prefix_tokens.tolist()) == ([0, 0, -1], [60, 60, 0])
    assert (said.prefix.tolist(), said.prefix_tokens.tolist()) == ([0, 0, -1], [64, 60, 0])


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (HEAD + "0,5,5\n-1,5,5\n", "bad_row", "Line 3 of the trace: arrival '-1' is negative."),
        (HEAD + "0,5,5\n2,5,5\n1,5,5\n", "bad_row", "Line 4 of the trace: arrival 1 s is before that of the line"),
        (HEAD + "0,5,5\n1,5,0\n", "bad_row", "Line 3 of the trace: the output has no tokens"),
        (HEAD + "0,0,5\n", "bad_row", "Line 2 of the trace: the input has no tokens"),
        (HEAD + "0,-4,5\n", "bad_row", "Line 2 of the trace: the input is -4"),
        (HEAD + "0,5.5,5\n", "bad_row", "Line 2 of the trace: input '5.5' is not a whole number"),
        (HEAD + "0,5,many\n", "bad_row", "Line 2 of the trace: output 'many' is not a whole number"),
        (HEAD + "nan,5,5\n", "bad_row", "Line 2 of the trace: arrival 'nan' is not a finite number"),
        (HEAD + "soon,5,5\n", "bad_row", "Line 2 of the trace: arrival 'soon' is neither seconds nor a date"),
        (HEAD + "0,5\n", "bad_row", "Line 2 of the trace: 2 columns"),
        (HEAD + "0,5,99999999999\n", "bad_row", "Line 2 of the trace: the output has 99,999,999,999 tokens"),
        ("arrival,input\n0,5\n", "wrong_columns", "The trace has no column output; its first line has arrival, input."),
        ("", "wrong_columns", "The trace has no column arrival and no column input and no column output"),
        (HEAD, "too_short", "A trace of 0 requests"),
        (HEAD + "0,5,5\n0,5,5\n", "no_rate", "arrive at once"),
        (HEAD + "0,5,5\n" * (MOST_ROWS + 1), "too_large", "more than 200,000 requests"),
        ("x" * (MOST_BYTES + 1), "too_large", "characters"),
        (HEAD + '0,"5\x00\n', "bad_row", "Line 2"),
        (HEAD + "0," + "5" * 200_000 + ",5\n", "bad_row", "Line 2"),
    ],
)
def test_a_wrong_trace_is_refused_at_its_line(text: str, code: str, says: str) -> None:
    found = _problem(text)

    assert found[0] == code
    assert says in found[1]


def test_a_packed_trace_is_that_trace() -> None:
    text = HEAD + "".join(f"{second},{second + 1},3\n" for second in range(1000))

    rows = of_gzip(_packed(text.encode()))

    assert np.array_equal(rows.input_tokens, np.arange(1, 1001))
    assert unpacked(gzip.compress(b"ab") + gzip.compress(b"c")) == b"abc"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("not base64!", "not_base64"),
        (base64.b64encode(b"plain text").decode(), "not_gzip"),
        (_packed(HEAD.encode() * 500)[:60], "truncated"),
        (_packed(b"\xff\xfe"), "not_utf8"),
        (_packed(b"0" * 200_000_000), "too_large"),
    ],
)
def test_what_is_no_packed_csv_is_refused(written: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        of_gzip(written)

    assert caught.value.problems[0].code == code


def test_a_bomb_is_left_unread_beyond_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)

    with pytest.raises(SpecError, match="more than 1,000 bytes"):
        unpacked(bomb, most=1000)
