"""How does a person see how far a longer task is?"""

from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console

from provisioning.plan import Step


class Progress:
    """Steps, one after the other; a `provisioning.guide.Teller`. Plain lines without a terminal."""

    def __init__(self, steps: int) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._bar = progress.Progress(
            progress.SpinnerColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.description}"),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=steps)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def begin(self, step: Step) -> None:
        """This is being done."""
        self._bar.update(self._task, description=step.value)

    def end(self, step: Step, said: str) -> None:
        """It is done."""
        self._console.print(f"  {step.value}: {said}", markup=False)
        self._bar.advance(self._task)
