"""Fitting: a target at every note, Adam with warm-up and cosine, watched by pieces that are not fitted.

Batches and dropout masks are functions of the seed and the step, and everything else that matters is in the
checkpoint, so a training that was broken off goes on as if it had not been (with a budget of minutes the time
left then decides where on the schedule).

Under whatever strategy, every process makes the same batch and each replica takes its share of it; gradients are added
up before they are clipped. So any number of replicas learns what one would, but for rounding and dropout's masks.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import tensorflow as tf

from improvd.errors import UserError
from improvd.model.tokens import ATTRIBUTES, Vocabulary
from improvd.train.events import Validation
from improvd.train.fitting import checkpoint
from improvd.train.fitting.data import WATCHED_NOTES, WATCHED_PIECES
from improvd.train.fitting.interrupts import interrupts
from improvd.train.fitting.network import build, get_weights, losses, set_weights
from improvd.train.fitting.replicas import precision
from improvd.train.fitting.schedule import Schedule, epoch, epochs
from improvd.train.fitting.stream import Stream
from improvd.train.fitting.windows import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from improvd.model.network import Sizes
    from improvd.train.events import Tell
    from improvd.train.fitting.data import Data
    from improvd.train.fitting.interrupts import Interrupts
    from improvd.train.fitting.parent import Parent
    from improvd.train.fitting.replicas import Replicas
    from improvd.train.fitting.windows import Batch, Cut
    from improvd.train.progress import Progress
    from improvd.train.settings import TrainSettings

RATE: Final = 3e-3
WARM_UP: Final = 200
"""Steps until the learning rate is at its highest (sooner, where they are more than a tenth of the training)."""
PARENT_RATE: Final = 2e-4
PARENT_WARM_UP: Final = 20
"""The same where a model is continued from: what it knows should bend, not break."""
CLIP: Final = 1.0
CHECKPOINT_SECONDS: Final = 60.0
VALIDATIONS: Final = 25
"""How many validations a budget of minutes is divided into."""
VALID_REST: Final = 10
"""With a budget of minutes, validations are apart by at least so many times as long as one takes."""
CALM: Final = 2000
"""In float16 the loss' scale is doubled after so many steps without a gradient too large, and halved at each such."""


class Fit:
    """One training in progress. Close it when done."""

    def __init__(  # noqa: PLR0917  what a training is made of
        self,
        settings: TrainSettings,
        data: Data,
        sizes: Sizes,
        fingerprint: str,
        replicas: Replicas,
        parent: Parent | None = None,
    ) -> None:
        self.settings, self.data, self.replicas = settings, data, replicas
        self.vocabulary = Vocabulary(data.styles)
        self.precision = precision(settings.precision)
        tf.keras.utils.set_random_seed(settings.seed)
        with replicas.strategy.scope():
            self.network = build(self.vocabulary.input_sizes, sizes, dropout=settings.dropout, precision=self.precision)
            if parent:
                set_weights(self.network, parent.weights(data.styles))
            self.optimiser = tf.keras.optimizers.Adam()
            self.optimiser.build(self.network.trainable_variables)
        self.best = get_weights(self.network)
        self.standing = checkpoint.Standing(fingerprint)

        notes, watched = data.counts["train"].notes, data.counts["valid"].pieces > 0
        fair, self.per_epoch = epoch(notes, settings.batch, settings.window)
        self.batch = math.ceil(fair / replicas.count) * replicas.count
        self.schedule = Schedule(
            settings.rate if settings.rate is not None else PARENT_RATE if parent else RATE,
            PARENT_WARM_UP if parent else WARM_UP,
            (settings.epochs or epochs(continued=parent is not None, watched=watched)) * self.per_epoch,
            None if settings.minutes is None else 60 * settings.minutes,
        )
        self.watched = data.sample("valid" if watched else "train", pieces=WATCHED_PIECES, notes=WATCHED_NOTES)
        self.stream = Stream(
            data, data.chances(settings.weights), size=self.batch, window=settings.window, seed=settings.seed
        )
        self._ready: tuple[int, tuple[Any, ...]] = (-1, ())
        self._step = tf.function(self._everywhere, autograph=False)
        # One trace for windows of every size.
        ids = tf.TensorSpec((None, None, None), tf.int32)
        self._score = tf.function(
            self._evaluate, input_signature=(ids, ids, tf.TensorSpec((None,), tf.int32)), autograph=False
        )

    def close(self) -> None:
        """Stop reading ahead."""
        self.stream.close()

    def _everywhere(self, *arguments: Any) -> list[Any]:  # noqa: ANN401 - tensors carry no types
        strategy = self.replicas.strategy
        return [strategy.experimental_local_results(one)[0] for one in strategy.run(self._learn, arguments)]

    def _learn(self, heard: Any, rows: Any, lengths: Any, key: Any, scale: Any) -> tuple[Any, Any]:  # noqa: ANN401 - as above
        """One replica's part of a step: the batch's nats a note, and whether its gradients could be used."""
        replica = tf.distribute.get_replica_context()
        count = tf.cast(tf.reduce_sum(lengths), tf.float32)
        heard, rows, lengths = self.replicas.share(heard, rows, lengths)
        key = tf.random.experimental.stateless_fold_in(key, replica.replica_id_in_sync_group)
        variables = self.network.trainable_variables
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(losses(self.network((heard, rows), key=key), rows, lengths)) / count
            scaled = loss * scale
        gradients = [tf.convert_to_tensor(one) / scale for one in tape.gradient(scaled, variables)]
        *gradients, loss = replica.all_reduce(tf.distribute.ReduceOp.SUM, [*gradients, loss])
        gradients, norm = tf.clip_by_global_norm(gradients, CLIP)
        usable = tf.math.is_finite(norm)
        # Keras' optimisers add up over the replicas themselves, and these have the sum already.
        gradients = [tf.where(usable, one, 0.0) / self.replicas.count for one in gradients]
        self.optimiser.apply_gradients(zip(gradients, variables, strict=True))
        return loss, usable

    def _evaluate(self, heard: Any, rows: Any, lengths: Any) -> Any:  # noqa: ANN401 - tensors carry no types
        return tf.reduce_sum(losses(self.network((heard, rows)), rows, lengths), axis=2)

    def _tensors(self, batch: Batch) -> tuple[Any, Any, Any]:
        heard = self.vocabulary.heard(batch.rows, batch.style)
        return tf.constant(heard), tf.constant(batch.rows), tf.constant(batch.lengths)

    def bits(self, pieces: Sequence[Cut], *, window: int, size: int = 256) -> NDArray[np.float64]:
        """Bits a note, (styles + 1, 5): each attribute's and how many notes, by style id."""
        total = np.zeros((len(self.data.styles) + 1, len(ATTRIBUTES) + 1))
        for batch in whole(pieces, size=size, window=window):
            nats = self._score(*self._tensors(batch)).numpy()
            for head in range(len(ATTRIBUTES)):
                np.add.at(total[:, head], batch.style, nats[head])
            np.add.at(total[:, -1], batch.style, batch.lengths)
        total[:, :-1] /= np.maximum(total[:, -1:], 1) * math.log(2)
        return total

    def resume(self) -> bool:
        """Take up the checkpoint, if there is one of this very training. UserError where the workers don't agree."""
        held = checkpoint.load(self.settings.work_folder, self.standing.fingerprint)
        if held is not None:
            self.standing, groups = held
            set_weights(self.network, groups["weights"])
            self.best = groups["best"]
            for number, variable in enumerate(self.optimiser.variables):
                variable.assign(groups["optimiser"][str(number)])
        self._agree()
        return held is not None

    def _agree(self) -> None:
        """Whether all workers are about to learn the same from the same."""
        what = f"{self.standing.fingerprint} {self.precision} {self.schedule}"
        mine = [float(int(hashlib.sha256(what.encode()).hexdigest()[:12], 16)), float(self.standing.step)]
        music, step = (one != other for one, other in zip(self.replicas.agree(mine), mine, strict=True))
        others = self.replicas.agree((), [float(music), float(step)])
        if others[0]:
            raise UserError(
                "the workers differ in music, options or precision: start all with the same command and files"
            )
        if others[1]:
            raise UserError("the workers see different checkpoints: --out must lie in a folder that all of them share")

    def take_best(self) -> None:
        """Give the network the weights of the best validation."""
        set_weights(self.network, self.best)

    def save(self) -> None:
        """Write the checkpoint, if this is who does."""
        if self.replicas.chief:
            optimiser = {str(number): variable.numpy() for number, variable in enumerate(self.optimiser.variables)}
            groups = {"weights": get_weights(self.network), "best": self.best, "optimiser": optimiser}
            checkpoint.save(self.settings.work_folder, self.standing, groups)

    def run(self, progress: Progress, tell: Tell) -> None:
        """Fit to the end of the budget or until validations stop improving; ``best`` then holds the weights.

        After Ctrl-C, on whichever worker, KeyboardInterrupt once the checkpoint is written.
        """
        try:
            with interrupts() as noted:
                self._run(noted, progress, tell)
        except tf.errors.OpError as error:
            if self.replicas.workers == 1:
                raise
            raise UserError(
                f"a worker was lost ({type(error).__name__}): start the same command on all of them; it goes on from "
                "the last checkpoint"
            ) from error

    def _run(self, noted: Interrupts, progress: Progress, tell: Tell) -> None:
        standing, settings = self.standing, self.settings
        last_save = last_valid = time.monotonic()
        begun, resumed = last_valid - standing.seconds, standing.step
        part = math.inf if settings.minutes is None else 60.0 * settings.minutes / VALIDATIONS
        while (done := self.schedule.done(standing.step, standing.seconds)) < 1 and standing.waited < settings.patience:
            self._take_step()
            now = time.monotonic()
            # All that goes by the clock is the chief's to say, or the workers would part.
            standing.seconds, due, stop = self.replicas.agree(
                [now - begun, float(now - last_valid >= part)], [float(noted.asked)]
            )
            done = self.schedule.done(standing.step, standing.seconds)
            progress.update((standing.step - resumed) * self.batch * settings.window, share=done)
            at_epoch = settings.minutes is None and standing.step % self.per_epoch == 0
            if at_epoch or due or done >= 1:
                self._validate(tell)
                last_valid = time.monotonic()
                # Where little time is given, most of it is for learning.
                part = max(part, VALID_REST * (last_valid - now))
                last_save = -math.inf
            if stop or time.monotonic() - last_save >= CHECKPOINT_SECONDS:
                self.save()
                last_save = time.monotonic()
            if stop:
                raise KeyboardInterrupt

    def _take_step(self) -> None:
        standing = self.standing
        self.optimiser.learning_rate.assign(self.schedule.rate(standing.step, standing.seconds))
        ready, tensors = self._ready
        if ready != standing.step:
            tensors = self._tensors(self.stream.batch(standing.step))
        key = tf.constant([self.settings.seed & 0x7FFFFFFF, 16 * standing.step], tf.int32)
        scale = standing.scale if self.precision == "float16" else 1.0
        loss, usable = self._step(*tensors, key, tf.constant(scale))
        standing.step += 1
        # A GPU is still computing while the next batch is made.
        self._ready = standing.step, self._tensors(self.stream.batch(standing.step))
        if usable.numpy():
            bits = float(loss.numpy()) / math.log(2)
            standing.curve.add(bits)
            standing.learnt += bits
        standing.calm = standing.calm + 1 if usable.numpy() else 0
        if standing.calm == 0:
            standing.scale = max(1.0, standing.scale / 2)
        elif standing.calm % CALM == 0:
            standing.scale *= 2

    def _validate(self, tell: Tell) -> None:
        standing = self.standing
        bits = np.zeros(len(ATTRIBUTES))
        if self.replicas.chief:
            by_style = self.bits(self.watched, window=self.settings.window)
            count = by_style[:, -1:]
            bits = (by_style[:, :-1] * count).sum(axis=0) / count.sum()
        bits = np.array(self.replicas.agree(bits.tolist()))
        total = float(bits.sum())
        attributes = dict(zip(ATTRIBUTES, map(float, bits), strict=True))
        before = standing.history[-1]["step"] if standing.history else 0
        train = standing.learnt / (standing.step - before)
        standing.learnt = 0.0
        standing.history.append(
            {"step": standing.step, "seconds": round(standing.seconds, 1), "total": total, "train": train} | attributes
        )
        tell(Validation(standing.step, standing.step / self.per_epoch, standing.seconds, total, attributes, train))
        if standing.best is None or total < standing.best:
            standing.best, standing.waited = total, 0
            self.best = get_weights(self.network)
        elif self.data.counts["valid"].pieces:
            standing.waited += 1
