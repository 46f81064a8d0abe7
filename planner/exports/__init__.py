"""A result document in the forms people and tools take away. Pure: no Django, no clock, no kind named here."""

from planner.exports.formats import FORMATS, SCRIPTS, Format, Offer, archive, download, files, known, offered, write

__all__ = ["FORMATS", "SCRIPTS", "Format", "Offer", "archive", "download", "files", "known", "offered", "write"]
