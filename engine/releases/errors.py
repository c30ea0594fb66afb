"""Why a repository of rules could not do what was asked.

ReleaseError
├── CommitMissing        the repository does not hold that commit
├── RepositoryCorrupt    the repository is not there, or its objects cannot be read
├── RepositoryUnwritable a full disk, or no permission: nothing was changed
├── RepositoryExists     there is a released history already
├── ReleaseBroken        the commit's rules or forms do not check; carries every diagnostic
├── DraftMissing         there is no draft of that name
├── DraftNameInvalid     the name cannot be a branch
├── PathRefused          the file is not a rule or a form
├── NothingChanged       the text is what the repository holds already
├── BaseChanged          somebody else changed the same rows in the meantime
├── MeaningChanged       the draft means another thing than what was approved
├── SigningFailed        the SSH key cannot sign
├── RemoteAway           the remote does not answer
└── RemoteDiverged       the remote's main is not a part of ours
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.diagnostics import Diagnostic


class ReleaseError(Exception):
    """The repository of rules refused."""

    code: ClassVar[str] = "RELEASE_REFUSED"
    chinese: ClassVar[str] = "规则库拒绝了这一步"

    def __init__(self, message: str) -> None:
        """Keep the English sentence, which names what it is about; `chinese` says the same in general."""
        self.message = message
        super().__init__(message)


class CommitMissing(ReleaseError):
    """The repository does not hold that commit."""

    code = "COMMIT_MISSING"
    chinese = "规则库里没有这个提交"


class RepositoryCorrupt(ReleaseError):
    """The repository is missing or cannot be read."""

    code = "REPOSITORY_CORRUPT"
    chinese = "规则库读不出来"


class RepositoryUnwritable(ReleaseError):
    """The repository cannot be written: the disk is full, or the files may not be changed. Nothing was."""

    code = "REPOSITORY_UNWRITABLE"
    chinese = "规则库写不进去：磁盘满了，或没有权限；什么都没有改"


class RepositoryExists(ReleaseError):
    """The repository has a released history already."""

    code = "REPOSITORY_EXISTS"
    chinese = "规则库已经建好了"


class ReleaseBroken(ReleaseError):
    """The rules or forms of a commit do not check; `diagnostics` holds all findings, never only the first."""

    code = "RELEASE_BROKEN"
    chinese = "规则有错误，不能发布"

    def __init__(self, *, commit: str, diagnostics: tuple[Diagnostic, ...]) -> None:
        """Keep the findings; the message renders them for a terminal."""
        self.commit = commit
        self.diagnostics = diagnostics
        shown = "\n".join(diagnostic.render(None) for diagnostic in diagnostics[:20])
        super().__init__(f"commit {commit[:12]} does not check:\n{shown}")


class DraftMissing(ReleaseError):
    """There is no draft of that name."""

    code = "DRAFT_MISSING"
    chinese = "没有这份草稿"


class DraftNameInvalid(ReleaseError):
    """The name cannot be the name of a draft."""

    code = "DRAFT_NAME_INVALID"
    chinese = "这个名字不能作草稿名"


class PathRefused(ReleaseError):
    """The file is neither below rules/ nor below forms/, or is no YAML or JSON."""

    code = "PATH_REFUSED"
    chinese = "这个文件不是规则，也不是表单"


class NothingChanged(ReleaseError):
    """The text is what the repository holds already."""

    code = "NOTHING_CHANGED"
    chinese = "没有改动：内容与规则库里的相同"


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What both began from, what the draft has and what came in between; None stands for nothing there."""

    base: str | None
    ours: str | None
    theirs: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash(Versions):
    """One place of a file to which both sides gave another value; `where` is empty for the whole file."""

    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileConflict(Versions):
    """One file changed on both sides; `clashes` are the places where merging row by row found two answers."""

    file: str
    clashes: tuple[Clash, ...] = ()


class BaseChanged(ReleaseError):
    """Somebody else changed the same file since this draft began; nothing was written."""

    code = "BASE_CHANGED"
    chinese = "期间有人改了同一处"

    def __init__(self, *, conflicts: tuple[FileConflict, ...]) -> None:
        """Keep every file in conflict, for the console to show the three texts."""
        self.conflicts = conflicts
        super().__init__(f"changed by somebody else meanwhile: {', '.join(c.file for c in conflicts)}")


class MeaningChanged(ReleaseError):
    """The draft, merged with what is released, means another thing than what was approved."""

    code = "MEANING_CHANGED"
    chinese = "草稿的内容与批准时不同"


class SigningFailed(ReleaseError):
    """The SSH key that is to sign cannot be used."""

    code = "SIGNING_FAILED"
    chinese = "签名密钥不能用"


class RemoteAway(ReleaseError):
    """The remote does not answer or refuses; what is to be sent waits here."""

    code = "REMOTE_AWAY"
    chinese = "远端规则库没有应答"


class RemoteDiverged(ReleaseError):
    """The remote's main holds what was never released here: somebody else writes it."""

    code = "REMOTE_DIVERGED"
    chinese = "远端规则库有本系统没有的发布"
