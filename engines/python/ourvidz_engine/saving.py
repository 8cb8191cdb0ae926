"""Finished pixels become files, beside the lanes, which compute the next job meanwhile."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import artifacts
from .channel import Events
from .failures import Cancelled
from .jobs import RenderJob
from .progress import Progress, Ticker
from .renderer import Rendered
from .task import OnEnd, Task, end_badly, failure_of
from .turn import Hold

#: Two jobs may be at their files while a third computes.
THREADS = 2


@dataclass
class Computed:
    """What a job brought about on the card."""

    result: Rendered | str
    load_ms: float
    hold: Hold
    peak_mib: float | None


class Saving:
    def __init__(self, events: Events, ffmpeg: str, ticker: Ticker, on_end: OnEnd) -> None:
        self._events = events
        self._ffmpeg = ffmpeg
        self._ticker = ticker
        self._on_end = on_end
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="files")

    def finish(self, task: Task, computed: Computed, progress: Progress) -> None:
        """Makes the job's files, and ends it."""
        self._threads.submit(self._finish, task, computed, progress)

    def _finish(self, task: Task, computed: Computed, progress: Progress) -> None:
        since = time.perf_counter()
        try:
            extra: dict[str, object] = {}
            if isinstance(computed.result, str):
                extra["text"] = computed.result
            else:
                progress.set("saving")
                self._save(task, computed.result)
                extra["referenceMethod"] = computed.result.method
            if task.cancel.is_set():
                raise Cancelled
        except BaseException as error:  # noqa: BLE001 - it must not end without the parent hearing of it
            end_badly(task, failure_of(task, error), self._on_end)
        else:
            encode_ms = (time.perf_counter() - since) * 1000
            timings = {"loadMs": computed.load_ms, "cardMs": computed.hold.held_ms, "encodeMs": encode_ms}
            self._on_end(task, "done", timings=timings, peakMiB=computed.peak_mib, **extra)
        finally:
            self._ticker.remove(progress)

    def _save(self, task: Task, rendered: Rendered) -> None:
        job, out_dir = task.job, task.out_dir
        assert isinstance(job, RenderJob) and out_dir is not None
        cancelled = task.cancel.is_set
        pictures = rendered.pictures() if callable(rendered.pictures) else rendered.pictures
        if job.frames > 1:
            path = out_dir / "0.mp4"
            digest = artifacts.save(
                path, lambda to: artifacts.write_mp4(pictures, job.fps, to, self._ffmpeg, cancelled)
            )
            self._tell(task, path, digest, job.seed, len(pictures), pictures[0].shape)
            return
        for index, picture in enumerate(pictures):
            if cancelled():
                raise Cancelled
            path = out_dir / f"{index}.png"
            digest = artifacts.save(path, lambda to, picture=picture: artifacts.write_png(picture, to))
            self._tell(task, path, digest, job.seed + index, 1, picture.shape)

    def _tell(
        self, task: Task, path: Path, digest: str, seed: int, frames: int, shape: tuple[int, ...]
    ) -> None:
        height, width = shape[:2]
        self._events.send(
            "artifact",
            id=task.id,
            path=str(path),
            sha256=digest,
            seed=seed,
            width=width,
            height=height,
            frames=frames,
        )
