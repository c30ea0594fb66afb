"""Bill files as streams of numbered lines: plain, gzip or zip, never the whole in memory."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from payments_core.bills.errors import BillFormatUnknown, BillTruncated, BillUnreadable

LINE_BYTES = 16_384
"""No real line comes near; a longer one is quarantined without being held in memory."""

_BLOCK = 1 << 20


class Line(NamedTuple):
    """A line without its end; `overlong` where only its beginning is here."""

    number: int
    content: bytes
    overlong: bool


class Fingerprint(NamedTuple):
    """The sha256 and length of a file's unpacked content: packing the same bill anew changes neither."""

    sha256: str
    length: int


def fingerprint(path: Path) -> Fingerprint:
    """Read the whole file once. Raises BillTruncated, BillUnreadable, BillFormatUnknown."""
    digest, length = hashlib.sha256(), 0
    with unpacked(path) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            length += len(block)
    return Fingerprint(digest.hexdigest(), length)


def lines(stream: BinaryIO) -> Iterator[Line]:
    """Yield every line of a stream, numbered from 1."""
    number = 0
    while content := stream.readline(LINE_BYTES):
        number += 1
        overlong = len(content) == LINE_BYTES and not content.endswith(b"\n")
        if overlong:
            while (rest := stream.readline(LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
        yield Line(number, content.rstrip(b"\r\n"), overlong)


@contextmanager
def unpacked(path: Path) -> Iterator[BinaryIO]:
    """Open a bill, unpacking gzip and zip by their first bytes, not by the file's name."""
    with ExitStack() as stack:
        try:
            yield _open(path, stack)
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
            raise BillTruncated("压缩文件不完整或已损坏，请重新下载。", file=path.name) from error


def _open(path: Path, stack: ExitStack) -> BinaryIO:
    try:
        raw = stack.enter_context(path.open("rb"))
        first = raw.read(4)
        raw.seek(0)
        if first[:2] == b"\x1f\x8b":
            packed = stack.enter_context(gzip.GzipFile(fileobj=raw))
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, packed), _BLOCK))
        if first == b"PK\x03\x04":
            archive = stack.enter_context(zipfile.ZipFile(raw, metadata_encoding="gbk"))
            entry = stack.enter_context(archive.open(_detail_entry(archive)))
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, entry), _BLOCK))
        return raw
    # zipfile: a name that is no GBK, an encrypted entry, an unknown method.
    except (UnicodeDecodeError, OSError, RuntimeError, NotImplementedError) as error:
        raise BillUnreadable(f"读不出 {path.name}：{error}", file=path.name) from error


def _detail_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the entry that holds the rows; Alipay puts a summary file (汇总) beside it."""
    entries = [e for e in archive.infolist() if "业务明细" in e.filename and "汇总" not in e.filename]
    if len(entries) != 1:
        names = "、".join(e.filename for e in archive.infolist()[:5])
        raise BillFormatUnknown(f"压缩包里应有一个“业务明细”文件，实际有：{names or '空'}")
    return entries[0]
