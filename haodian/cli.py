"""The command line: `haodian up | day | check | diff | test | import | demo | migrate | version`.

Exit codes: 0 done · 1 refused, or findings that stop a release · 2 could not even begin (wrong use, missing
file, database away) · 70 our own bug, its trace in the logs · 130 interrupted. A person never sees a stack
trace: `main` is the one place that turns an error into words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from engine.diagnostics import Language
from haodian import checking, findings, hook, rule_tests, speech
from haodian.settings import CHECKOUT, SettingInvalid, read_settings
from payments_core.errors import PaymentsCoreError

# What needs the database, the solver or git is imported by the command that needs it: git calls `diff` once a
# file and `hook run` before every commit, and loading everything takes longer than either.

REFUSED, NOT_BEGUN, OUR_BUG, INTERRUPTED = 1, 2, 70, 130

app = typer.Typer(
    name="haodian",
    help="好店：由 git 中的规则运行的聚合支付后台。 The back-office of an aggregated-payment business.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def up() -> None:
    """启动产品：数据库、网关、控制台、任务进程。 Start the product and keep it running."""
    from haodian import supervisor

    supervisor.up(read_settings())


Folder = Annotated[
    Path | None, typer.Argument(help="含 rules/ 与 forms/ 的目录 / a folder of rules and forms")
]
Active = Annotated[bool, typer.Option("--active", help="检查已启用的版本 / check the active release")]
Written = Annotated[findings.Format, typer.Option("--format", help="结果的写法 / how to write it")]
Proving = Annotated[bool, typer.Option("--prove", help="并证明规则 / prove the rules too")]
On = Annotated[
    str | None, typer.Option("--on", help="按哪天看接受是否到期 / the day acceptances are looked at")
]
Repository = Annotated[Path, typer.Argument(help="git 仓库 / a git repository")]
Day = Annotated[str | None, typer.Option("--date", help="YYYY-MM-DD;默认下一个未结日 / next open day")]
Closed = Annotated[str | None, typer.Option("--date", help="YYYY-MM-DD;默认最近已结日 / last closed day")]


@app.command()
def check(
    path: Folder = None,
    active: Active = False,
    written: Written = findings.Format.HUMAN,
    proving: Proving = False,
    on: On = None,
) -> None:
    """检查所有规则与表单。 Check every rule and form; exit 1 where a finding stops a release."""
    files = _files(path, active=active)
    checked = checking.check_files(files, proving=proving, on=_date(on) if on else None)
    typer.echo(findings.written(checked, written))
    raise typer.Exit(0 if checked.is_good else REFUSED)


hooks = typer.Typer(help="提交前的检查。 The check before a commit.", no_args_is_help=True)
app.add_typer(hooks, name="hook")


@hooks.command(name="install")
def install_hook(path: Repository = Path()) -> None:
    """装到一个 git 仓库里。 Write the pre-commit hook into a git repository."""
    speech.done("已装好", str(hook.install(path)))


@hooks.command(name="run")
def run_hook() -> None:
    """检查暂存的规则与表单。 Check what is staged for a commit; exit 1 where a finding stops it."""
    raise typer.Exit(hook.run(Path()))


@app.command(name="test")
def run_tests(path: Folder = None, active: Active = False) -> None:
    """运行规则文件里的测试并报告覆盖。 Run the tests inside rule files; exit 1 where one fails."""
    report = rule_tests.run(_files(path, active=active))
    typer.echo(rule_tests.as_text(report))
    raise typer.Exit(0 if report.is_good else REFUSED)


Versions = Annotated[
    list[str],
    typer.Argument(help="两个版本：发布号、标签、分支、提交或目录 / two releases, tags, commits or folders"),
]
OneFile = Annotated[str | None, typer.Option("--file", help="只看这个文件 / only this file, as in rules/…")]
Spoken = Annotated[str, typer.Option("--lang", help="zh | en")]
AsJson = Annotated[bool, typer.Option("--json", help="写成 JSON / as JSON")]
ForGit = Annotated[bool, typer.Option("--git", help="由 git diff 调用 / as git calls an external diff")]
In = Annotated[Path | None, typer.Option("--repository", help="规则库 / the rulebook repository")]


@app.command()
def diff(
    versions: Versions,
    file: OneFile = None,
    lang: Spoken = "zh",
    json: AsJson = False,
    git: ForGit = False,
    repository: In = None,
) -> None:
    """比较规则库的两个版本：逐行与证明。 What differs between two versions of the rules, and what it does."""
    from haodian import differing, differing_text

    if git:
        changes: tuple[differing.FileChange, ...] = (differing.change_for_git(versions, folder=Path()),)
    elif len(versions) == 2:
        home = repository or (Path() if Path(".git").exists() else read_settings().rulebook)
        old, new = (differing.files_of(version, repository=home) for version in versions)
        changes = differing.changes_between(old, new, only=file)
    else:
        raise typer.BadParameter("要两个版本 / two versions are needed")
    said: Language = "en" if lang == "en" else "zh"
    typer.echo(differing_text.as_json(changes) if json else differing_text.as_text(changes, language=said))


@app.command()
def day(on: Day = None) -> None:
    """在演示世界跑完一个营业日。 Run one business day of the demo world and show what happened."""
    from haodian import commands

    commands.run_day(read_settings(), wanted=_date(on) if on else None)


@app.command()
def verify(on: Closed = None) -> None:
    """按规则版本重算一个营业日，逐分核对。 Recompute a day from its releases; exit 1 where a fen differs."""
    from haodian import commands

    commands.verify(read_settings(), wanted=_date(on) if on else None)


@app.command()
def backtest(
    first: Annotated[str, typer.Option("--from", help="YYYY-MM-DD，含 / included")],
    last: Annotated[str, typer.Option("--to", help="YYYY-MM-DD，含 / included")],
    draft: Annotated[str | None, typer.Option("--draft", help="草稿名 / a draft's name")] = None,
    commit: Annotated[str | None, typer.Option("--commit", help="提交 / a commit")] = None,
    scope: Annotated[list[str] | None, typer.Option("--scope", help="store=S001 …")] = None,
    json: AsJson = False,
) -> None:
    """用草稿的规则重算历史。 What a draft's rules would have brought in past days, beside what was booked."""
    from haodian import commands
    from payments_core.backtest import SCOPES, Period

    if (draft is None) == (commit is None):
        raise typer.BadParameter("要 --draft 或 --commit / one of --draft and --commit")
    named = dict(one.partition("=")[::2] for one in scope or ())
    if not named.keys() <= set(SCOPES) or not all(named.values()):
        raise typer.BadParameter(f"--scope: {', '.join(SCOPES)}")
    period = Period(first=_date(first), last=_date(last))
    commands.backtest(read_settings(), draft=draft, commit=commit, period=period, scope=named, as_json=json)


@app.command(name="import")
def import_bill(
    file: Annotated[Path, typer.Argument(help="微信或支付宝账单 / a WeChat Pay or Alipay bill")],
) -> None:
    """导入渠道账单。 Import a channel bill; importing it again adds nothing."""
    from haodian import commands

    if not file.is_file():
        raise typer.BadParameter(f"没有这个文件 / no such file: {file}")
    good = commands.import_bill(read_settings(), file=file)
    raise typer.Exit(0 if good else REFUSED)


Scale = Annotated[str | None, typer.Option("--scale", help="规模，0 到 1 / part of the full world")]
Days = Annotated[int | None, typer.Option("--days", help="历史天数 / days of history", min=0, max=150)]


@app.command()
def demo(scale: Scale = None, days: Days = None) -> None:
    """载入演示世界。 Load the demo world into an empty installation."""
    from haodian import commands

    given = {"HAODIAN_DEMO_SCALE": scale, "HAODIAN_DEMO_DAYS": None if days is None else str(days)}
    chosen = {name: value for name, value in given.items() if value is not None}
    commands.load_demo(read_settings({**os.environ, **chosen}))


@app.command()
def migrate() -> None:
    """把数据库升级到最新结构。 Bring the database to the newest schema."""
    from haodian import commands

    commands.migrate(read_settings())


@app.command()
def version() -> None:
    """显示版本。 Print the version."""
    typer.echo(f"haodian {version_of('haodian')}")


def main() -> None:
    """Run the command line and end with its exit code."""
    sys.exit(_run())


def _run() -> int:
    try:
        result = app(args=sys.argv[1:] or ["--help"], standalone_mode=False)
    except typer.TyperException as error:
        return _say(NOT_BEGUN, "用法有误，见 haodian --help", str(error))
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the entry point: every error ends in words here
        return _say_refusal(error)
    return result if isinstance(result, int) else 0


def _say_refusal(error: Exception) -> int:
    """Put an error into words; whatever is no refusal is our own bug."""
    from sqlalchemy.exc import OperationalError

    from engine.releases import ReleaseError
    from haodian import commands, supervisor

    match error:
        case supervisor.AlreadyRunning():
            return _say(NOT_BEGUN, "好店已在运行", f"already running on {error}")
        case checking.NothingToCheck():
            return _say(NOT_BEGUN, "目录中没有 rules/ 或 forms/", f"nothing to check in {error}")
        case hook.NoRepository():
            return _say(NOT_BEGUN, "不在 git 仓库里", str(error))
        case hook.HookTaken():
            return _say(
                REFUSED, "已有别的 pre-commit，没有覆盖", f"another pre-commit hook is there: {error}"
            )
        case SettingInvalid():
            return _say(NOT_BEGUN, "设置无效", str(error))
        case commands.Refused():
            return _say(REFUSED, error.chinese, error.english)
        case PaymentsCoreError():
            return _say(REFUSED, f"{error.chinese} {error.code}", error.message)
        case ReleaseError():
            return _say(REFUSED, f"{error.chinese} {error.code}", error.message)
        case OperationalError():
            told = str(error.orig).splitlines()[0]
            return _say(NOT_BEGUN, "无法连接数据库", f"the database is away: {told}")
    return _say_bug(error)


def _say(code: int, chinese: str, english: str) -> int:
    speech.err.print(f"[red]✗[/] {escape(chinese)}  [dim]{escape(english)}[/]")
    return code


def _say_bug(error: Exception) -> int:
    from haodian import logs

    trace = logs.write_trace(read_settings().logs, error)
    return _say(OUR_BUG, f"内部错误，详情见 {trace}", f"internal error {type(error).__name__}")


def _files(path: Path | None, *, active: bool) -> Mapping[str, str]:
    if not active:
        return checking.read_folder(path or CHECKOUT)
    from haodian import commands

    return commands.active_files(read_settings())


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text}: 应为 YYYY-MM-DD / must be YYYY-MM-DD") from None
