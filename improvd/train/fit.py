"""Fitting: a target at every note, Adam with warm-up and cosine, watched by pieces that are not fitted.

Batches and dropout masks are functions of the seed and the step, and everything else that matters is in the
checkpoint, so a training that was broken off goes on as if it had not been (with a budget of minutes the time
left then decides where on the schedule).
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf

from improvd.model.tokens import ATTRIBUTES, Vocabulary
from improvd.train import checkpoint
from improvd.train.dataset import draw, shares, windows
from improvd.train.events import Validation
from improvd.train.network import build, get_weights, losses, set_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from improvd.model.network import Sizes
    from improvd.train.dataset import Batch, Corpus, Notes
    from improvd.train.events import Tell
    from improvd.train.progress import Progress
    from improvd.train.settings import TrainSettings

WARM_UP: Final = 200
"""Steps until the learning rate is at its highest (sooner, where they are more than a tenth of the training)."""
LEAST_STEPS: Final = 16
"""Steps that an epoch has at least: a small corpus is learnt in smaller batches, or few steps would be taken."""
SMALLEST_BATCH: Final = 8
LAST_RATE: Final = 0.01
"""The learning rate's end as a share of its highest."""
CLIP: Final = 1.0
CHECKPOINT_SECONDS: Final = 60.0
VALIDATIONS: Final = 25
"""How many validations a budget of minutes is divided into."""
VALID_REST: Final = 10
"""With a budget of minutes, validations are apart by at least so many times as long as one takes."""
VALID_NOTES: Final = 500
"""Of each piece, so many first notes watch the fitting."""


class Fit:
    """One training in progress."""

    def __init__(self, settings: TrainSettings, corpus: Corpus, sizes: Sizes, fingerprint: str) -> None:
        self.settings, self.corpus = settings, corpus
        self.vocabulary = Vocabulary(corpus.styles)
        tf.keras.utils.set_random_seed(settings.seed)
        self.network = build(self.vocabulary.input_sizes, sizes, dropout=settings.dropout, precision=settings.precision)
        self.optimiser = tf.keras.optimizers.Adam(settings.rate)
        self.optimiser.build(self.network.trainable_variables)
        self.best = get_weights(self.network)
        self.standing = checkpoint.Standing(fingerprint)
        self.cumulative = np.cumsum(shares(corpus, settings.weights))
        fair = len(corpus.train) // (settings.window * LEAST_STEPS)
        self.batch = min(settings.batch, max(SMALLEST_BATCH, fair))
        self.per_epoch = max(1, round(len(corpus.train) / (self.batch * settings.window)))
        self._step = tf.function(self._learn)
        # One trace for windows of every size.
        ids = tf.TensorSpec((None, None, None), tf.int32)
        self._score = tf.function(self._evaluate, input_signature=(ids, ids, tf.TensorSpec((None,), tf.int32)))

    def _learn(self, heard: Any, rows: Any, lengths: Any, key: Any) -> Any:  # noqa: ANN401 - tensors carry no types
        with tf.GradientTape() as tape:
            nats = losses(self.network((heard, rows), key=key), rows, lengths)
            loss = tf.reduce_sum(nats) / tf.cast(tf.reduce_sum(lengths), tf.float32)
        variables = self.network.trainable_variables
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), CLIP)
        self.optimiser.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    def _evaluate(self, heard: Any, rows: Any, lengths: Any) -> Any:  # noqa: ANN401 - tensors carry no types
        return tf.reduce_sum(losses(self.network((heard, rows)), rows, lengths), axis=2)

    def _tensors(self, batch: Batch) -> tuple[Any, Any, Any]:
        heard = self.vocabulary.heard(batch.rows, batch.style)
        return tf.constant(heard), tf.constant(batch.rows), tf.constant(batch.lengths)

    def bits(self, notes: Notes, *, window: int, most: int | None = None, size: int = 256) -> NDArray[np.float64]:
        """Bits a note, (styles + 1, 5): each attribute's and how many notes, by style id."""
        total = np.zeros((len(self.corpus.styles) + 1, len(ATTRIBUTES) + 1))
        for batch in windows(notes, size=size, window=window, most=most):
            nats = self._score(*self._tensors(batch)).numpy()
            for head in range(len(ATTRIBUTES)):
                np.add.at(total[:, head], batch.style, nats[head])
            np.add.at(total[:, -1], batch.style, batch.lengths)
        total[:, :-1] /= np.maximum(total[:, -1:], 1) * math.log(2)
        return total

    def resume(self) -> bool:
        """Take up the checkpoint, if there is one of this very training."""
        held = checkpoint.load(self.settings.work_folder, self.standing.fingerprint)
        if held is None:
            return False
        self.standing, groups = held
        set_weights(self.network, groups["weights"])
        self.best = groups["best"]
        for number, variable in enumerate(self.optimiser.variables):
            variable.assign(groups["optimiser"][str(number)])
        return True

    def take_best(self) -> None:
        """Give the network the weights of the best validation."""
        set_weights(self.network, self.best)

    def save(self) -> None:
        """Write the checkpoint."""
        # Ctrl-C may have come between a step and its being counted here; the optimiser counts as it steps.
        self.standing.step = int(self.optimiser.iterations.numpy())
        optimiser = {str(number): variable.numpy() for number, variable in enumerate(self.optimiser.variables)}
        groups = {"weights": get_weights(self.network), "best": self.best, "optimiser": optimiser}
        checkpoint.save(self.settings.work_folder, self.standing, groups)

    def _done(self) -> float:
        """How much of the training is behind, from 0 to 1."""
        if self.settings.minutes is not None:
            return min(1.0, self.standing.seconds / max(60.0 * self.settings.minutes, 1e-9))
        return min(1.0, self.standing.step / (self.settings.epochs * self.per_epoch))

    def _rate(self, done: float) -> float:
        warm = max((self.standing.step + 1) / WARM_UP, 10 * done)
        if self.settings.minutes is None:
            warm = (self.standing.step + 1) / max(1, min(WARM_UP, self.settings.epochs * self.per_epoch // 10))
        cosine = LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * done)) / 2
        return self.settings.rate * min(1.0, warm) * cosine

    def run(self, progress: Progress, tell: Tell) -> None:
        """Fit to the end of the budget or until validations stop improving; ``best`` then holds the weights."""
        standing, settings = self.standing, self.settings
        last_save = last = last_valid = time.monotonic()
        part = math.inf if settings.minutes is None else 60.0 * settings.minutes / VALIDATIONS
        try:
            while (done := self._done()) < 1 and standing.waited < settings.patience:
                self._take_step(done)
                standing.seconds += time.monotonic() - last
                last = time.monotonic()
                progress.update(standing.step * self.batch * settings.window, share=done)
                at_epoch = settings.minutes is None and standing.step % self.per_epoch == 0
                if at_epoch or last - last_valid >= part or self._done() >= 1:
                    self._validate(tell)
                    last_valid = time.monotonic()
                    # Where little time is given, most of it is for learning.
                    part = max(part, VALID_REST * (last_valid - last))
                    last_save = -math.inf
                if time.monotonic() - last_save >= CHECKPOINT_SECONDS:
                    self.save()
                    last_save = time.monotonic()
        except KeyboardInterrupt:
            self.save()
            raise

    def _take_step(self, done: float) -> None:
        settings, standing = self.settings, self.standing
        self.optimiser.learning_rate.assign(self._rate(done))
        batch = draw(
            self.corpus.train,
            self.cumulative,
            size=self.batch,
            window=settings.window,
            seed=settings.seed,
            step=standing.step,
        )
        key = tf.constant([settings.seed & 0x7FFFFFFF, 16 * standing.step], tf.int32)
        self._step(*self._tensors(batch), key)
        standing.step += 1

    def _validate(self, tell: Tell) -> None:
        standing = self.standing
        watched = self.corpus.valid if len(self.corpus.valid) else self.corpus.train
        by_style = self.bits(watched, window=self.settings.window, most=VALID_NOTES)
        count = by_style[:, -1:]
        bits = (by_style[:, :-1] * count).sum(axis=0) / count.sum()
        total = float(bits.sum())
        attributes = dict(zip(ATTRIBUTES, map(float, bits), strict=True))
        standing.history.append(
            {"step": standing.step, "seconds": round(standing.seconds, 1), "total": total} | attributes
        )
        tell(Validation(standing.step, standing.step / self.per_epoch, standing.seconds, total, attributes))
        if standing.best is None or total < standing.best:
            standing.best, standing.waited = total, 0
            self.best = get_weights(self.network)
        elif len(self.corpus.valid):
            standing.waited += 1
