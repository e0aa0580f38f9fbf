"""The processes that have a model, as the engine's sees them: the one that plays, and the one that is to take over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from improvd.core.events import Continuation
from improvd.daemon.log import Level
from improvd.daemon.member import Indispensable, Member
from improvd.daemon.messages import Failed, LoadModel, ModelReady
from improvd.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from improvd.core.events import Seconds
    from improvd.daemon.child import Keeper
    from improvd.daemon.held import Held
    from improvd.daemon.member import Company


class ModelMember(Indispensable):
    """The model that plays. ``begin`` is told that the duet may, as far as the model goes."""

    def __init__(self, company: Company, held: Held, begin: Callable[[], None]) -> None:
        super().__init__(
            company.family.worker,
            company,
            {Continuation: company.duet.answered, ModelReady: self._on_ready},
        )
        self._held = held
        self._begin = begin
        self.playing: ModelReady | None = None
        """The model; None until one is loaded for the first time."""

    def order(self) -> LoadModel:
        """What a fresh process is told first."""
        return LoadModel(self._held.options.model, self._held.settings.style)

    def hand_over(self, successor: Keeper, model: ModelReady, at: Seconds) -> None:
        """From now on the ``successor``'s process plays, which has that ``model``."""
        self.keeper.take_over(successor, at)
        self._company.complaints.serves(self.keeper)
        self.playing = model
        self._company.duet.model_changed(model, at)

    def _on_ready(self, model: ModelReady, at: Seconds) -> None:
        self.keeper.serves(at)
        self._company.complaints.serves(self.keeper)
        self._company.duet.model_ready(model.step, at)
        self.playing = self.playing or model
        self._begin()

    def _missed(self, at: Seconds, *, served: bool) -> None:  # noqa: ARG002  one that never served owes nothing
        self._company.duet.model_lost()


class SuccessorMember(Member):
    """The model that is to take over: loaded and proven in a process of its own, while ``model`` plays.

    At most one at a time. ``chosen`` is told what came of the last that was asked for: None, or why it is refused.
    """

    def __init__(
        self,
        keeper: Keeper,
        company: Company,
        held: Held,
        model: ModelMember,
        chosen: Callable[[UserError | None], None],
    ) -> None:
        super().__init__(
            keeper,
            company,
            {ModelReady: self._on_ready, Failed: lambda failed, _at: self._refuse(failed.message)},
        )
        self._held = held
        self._model = model
        self._chosen = chosen
        self._name = ""  # of the model that was asked for last, as a file would hold it

    def order(self) -> LoadModel:
        """What a fresh process is told first."""
        return LoadModel(self._name, self._held.settings.style)

    def ask(self, name: str, at: Seconds) -> None:
        """Have that model take over as soon as it is loaded and proven; another that was on its way is let go."""
        if self.keeper.is_wanted:
            self._refuse(f"the model {self._name} was given up for another")
        self._name = name
        self.keeper.dismiss()
        self.keeper.start_when_free(at)

    def _on_ready(self, model: ModelReady, at: Seconds) -> None:
        try:
            self._held.go_by_model(self._name, model)
        except UserError as error:  # the style was changed while it was loaded
            self._refuse(str(error))
            return
        self._model.hand_over(self.keeper, model, at)
        self._company.duet.settings_changed(at)
        self._chosen(None)

    def _lost(self, why: str, at: Seconds) -> None:  # noqa: ARG002  no other is started
        self._refuse(f"the process of the model {self._name} {why}")

    def _refuse(self, why: str) -> None:
        """It can't take over: ``why``, for the player, who goes on with the one that plays."""
        self.keeper.dismiss()
        problem = UserError(f"{why}; {self._model.playing.name if self._model.playing else ''} plays on")
        self._company.say(str(problem), Level.WARNING)
        self._chosen(problem)
