"""A node of few words: takes one job over REST and renews it until it is killed. Prints the job's id and fence."""

import json
import sys
import time

import httpx


def main(url: str, node: str, credential: str) -> None:
    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {credential}"}) as line:
        offer = None
        while offer is None:
            asked = {"agent_version": "0", "wait_s": 1}
            offer = line.post(f"/nodes/{node}/lease", json=asked, timeout=30).raise_for_status().json()["offer"]
        payload = json.loads(offer["payload"])
        print(payload["job"], payload["fence"], flush=True)  # noqa: T201 -- the test reads it
        while True:
            time.sleep(0.5)
            line.post(f"/jobs/{payload['job']}/renew", json={"fence": payload["fence"]}, timeout=30).raise_for_status()


if __name__ == "__main__":
    main(*sys.argv[1:])
