"""The worker's process: `python -m haodian.worker --home HOME`."""

from __future__ import annotations

import asyncio

import procrastinate
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from haodian import clock, process
from haodian.database import url_of
from haodian.duties import Duties, tasks_of
from haodian.following import ReleaseFollower, following
from haodian.serving import server_of
from haodian.settings import Settings
from haodian.taking import running_committer
from payments_core.database import connect

LONGEST_STOP_S = 8.0


def health_app(duties: Duties, follower: ReleaseFollower) -> FastAPI:
    """Return the worker's /healthz and /metrics."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    async def healthz() -> dict[str, str | int | None]:
        return {"status": "ok", "release_no": follower.release_no}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> str:
        lines = ["# TYPE haodian_tasks_total counter"]
        lines += [f'haodian_tasks_total{{task="{name}"}} {n}' for name, n in sorted(duties.done.items())]
        lines += ["# TYPE haodian_release_no gauge", f"haodian_release_no {follower.release_no or 0}"]
        return "\n".join(lines) + "\n"

    return app


async def serve(settings: Settings) -> None:
    """Work until SIGTERM."""
    url = url_of(settings)
    engine = connect(url=url, pool_size=5)
    with (
        clock.running_world_clock(engine) as world,
        running_committer(engine, settings=settings) as committer,
        following(engine, settings=settings) as follower,
    ):
        duties = Duties(engine, settings=settings, world=world, committer=committer)
        app = tasks_of(duties, url=url)
        server = server_of(health_app(duties, follower), host=settings.host, port=settings.worker_port)
        async with app.open_async():
            await _clear_what_a_kill_left(app)
            working = asyncio.create_task(
                app.run_worker_async(
                    concurrency=3,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=LONGEST_STOP_S,
                )
            )
            serving = asyncio.create_task(server.serve())
            await asyncio.wait({working, serving}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            working.cancel()
            await asyncio.gather(serving, working, return_exceptions=True)
            _raise_unless_asked_to_stop(working)
    engine.dispose()


async def _clear_what_a_kill_left(app: procrastinate.App) -> None:
    """Drop the runs of a worker that was killed: every task finds by itself what is left to do."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=0):
        await app.job_manager.finish_job(job, status=procrastinate.jobs.Status.FAILED, delete_job=True)


def _raise_unless_asked_to_stop(working: asyncio.Task[None]) -> None:
    if not working.cancelled() and (error := working.exception()) is not None:
        raise error


def main() -> None:
    """Work until SIGTERM."""
    asyncio.run(serve(process.begin("worker")))


if __name__ == "__main__":
    main()
