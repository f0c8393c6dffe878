"""What makes an autoencoder train better: one factor at a time, then the best of each together.

    python -m experiments.practice.training_factors

trains the baseline of `experiments.practice.training_runs` and networks that differ from it in one thing: depth, width,
activation, initialisation, normalisation, residual links, schedule, batch size, pre-training. Each level of each
factor gets a learning rate of its own, found by climbing along a grid with the first seed until neither neighbour is
clearly better, and is then trained from the other seeds. What matters for gradients is tried at eight hidden layers a
side, too. Last, the best levels are put together, the most helpful first. All this is measured on validation images; the
test images meet three networks at the end. (First tries had shown the validation errors of eleven single trainings, of
eight epochs each, from which the length of the trainings and the start of the climb were set.)
"""

import numpy as np

from aelib.datasets import load_mnist
from experiments.practice import training_runs
from experiments.practice.training_runs import BASELINE, LATENT_DIM, PRETRAINING_EPOCHS, TRAIN_IMAGES, VALIDATION_IMAGES
from experiments.reconstructions import simple_methods
from experiments.record import run_experiment

SEEDS = (0, 1, 2)
RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
FIRST_RATE = 3e-3  # where the climb begins
FACTORS = {
    "depth": (0, 1, 2, 3, 5, 8),
    "width": (32, 64, 128, 256),
    "activation": ("sigmoid", "tanh", "relu", "elu", "silu"),
    "initializer": (0.01, 0.3, "glorot_uniform", "he_normal", "orthogonal"),
    "normalisation": ("none", "batch", "layer"),
    "residual": (False, True),
    "schedule": ("constant", "cosine", "warm-up, cosine", "exponential"),
    "batch_size": (32, 128, 512, 2048),
}
DEEP = {"depth": 8}
DEEP_FACTORS = {
    "initializer": (0.01, "glorot_uniform", "he_normal", "orthogonal"),
    "normalisation": ("batch",),
    "residual": (True,),
}
PRETRAINED = ({}, {"activation": "sigmoid"}, DEEP)
RECIPE = ("activation", "initializer", "normalisation", "residual", "schedule")  # all that leaves size and steps alone
EQUAL_STEPS = 512  # the batch size that is also given as many steps as the baseline, and so more epochs
MARGIN = 0.02  # a neighbouring rate must be better by this share to be moved to


class Ledger:
    """The runs so far; none is made twice."""

    def __init__(self, x_train, x_val):
        self.images, self.runs = (x_train, x_val), {}

    def run(self, settings, seed, pretrained=False):
        """Train once, or look it up; return the record's entry."""
        key = (*(settings[name] for name in BASELINE), pretrained, seed)
        if key not in self.runs:
            self.runs[key], _ = training_runs.run(settings, seed, *self.images, pretrained=pretrained)
        return self.runs[key]

    def final_error(self, settings, seed, pretrained=False):
        """The validation error at the end of a run; infinite where it is not a number."""
        error = self.run(settings, seed, pretrained)["error"][-1]
        return float("inf") if error is None else error

    def level(self, change, pretrained=False):
        """Find a level's learning rate by climbing with the first seed, and train the other seeds with it.

        Returns
        -------
        dict
            The change from the baseline, the rate found, and the errors of all seeds at the end.
        """
        settings, at = {**BASELINE, **change}, RATES.index(FIRST_RATE)

        def error(place):
            return self.final_error({**settings, "learning_rate": RATES[place]}, SEEDS[0], pretrained)

        def best_near(place):
            best = min(range(max(place - 1, 0), min(place + 2, len(RATES))), key=error)
            return best if error(best) < (1 - MARGIN) * error(place) else place

        while (better := best_near(at)) != at:
            at = better
        chosen = {**change, "learning_rate": RATES[at]}
        errors = [self.final_error({**settings, **chosen}, seed, pretrained) for seed in SEEDS]
        return {"change": chosen, "pretrained": pretrained, "errors": errors}


def single_factors(ledger, base, factors):
    """A level's entry for each value of each factor, all else as in `base`."""
    return {
        factor: {str(value): ledger.level({**base, factor: value}) for value in values}
        for factor, values in factors.items()
    }


def batch_rules(ledger):
    """Batch sizes with the baseline's rate, and with a rate in proportion; one also with as many steps."""
    rate, batch_size = BASELINE["learning_rate"], BASELINE["batch_size"]
    for size in FACTORS["batch_size"]:
        changes = [{"batch_size": size}, {"batch_size": size, "learning_rate": rate * size / batch_size}]
        if size == EQUAL_STEPS:
            changes.append({"batch_size": size, "epochs": BASELINE["epochs"] * size // batch_size})
        for change in changes:
            for seed in SEEDS:
                ledger.run({**BASELINE, **change}, seed)


def pretraining(ledger):
    """Pre-trained networks, and the same ones not pre-trained, for as many epochs of fine-tuning and in all."""
    comparisons = []
    for change in PRETRAINED:
        floors = {**BASELINE, **change}["depth"] + 1
        epochs = BASELINE["epochs"] + floors * PRETRAINING_EPOCHS
        plain = ledger.level(change)
        longer = {**plain["change"], "epochs": epochs}
        errors = [ledger.final_error({**BASELINE, **longer}, seed) for seed in SEEDS]
        longer = {"change": longer, "pretrained": False, "errors": errors}
        comparisons.append({"plain": plain, "longer": longer, "pretrained": ledger.level(change, True)})
    return comparisons


def mean_error(level):
    """The mean over a level's seeds."""
    return float(np.mean(level["errors"]))


def together(ledger, singles):
    """Add the best level of each factor of the recipe, the most helpful first, and at last depth; a level each."""
    best = {factor: min(singles[factor].values(), key=mean_error) for factor in RECIPE}
    change, stages = {}, []
    for factor in sorted(best, key=lambda factor: mean_error(best[factor])):
        value = best[factor]["change"][factor]
        if value != BASELINE[factor]:
            change = {**change, factor: value}
            stages.append({"added": factor, **ledger.level(change)})
    return [*stages, {"added": "depth", **ledger.level({**change, **DEEP})}]


def test_errors(changes, x_train, x_val, x_test):
    """Train again from every seed and look at the test images, for each of some named changes."""

    def error(change, seed):
        _, machine = training_runs.run({**BASELINE, **change}, seed, x_train, x_val)
        return training_runs.validation_error(machine, x_test)

    return {name: [error(change, seed) for seed in SEEDS] for name, change in changes.items()}


def measure(save):
    (x_all, _), (x_test, _) = load_mnist()
    x_train, x_val = x_all[:TRAIN_IMAGES], x_all[-VALIDATION_IMAGES:]
    ledger, results = Ledger(x_train, x_val), {}
    simple = simple_methods(x_train, LATENT_DIM, x_val, x_test)
    for place, part in enumerate(("validation", "test")):
        results.setdefault("simple", {})[part] = {name: errors[place] for name, errors in simple.items()}
    for rate in RATES:
        for seed in SEEDS:
            ledger.run({**BASELINE, "learning_rate": rate}, seed)
    results["single"] = single_factors(ledger, {}, FACTORS)
    results["deep"] = single_factors(ledger, DEEP, DEEP_FACTORS)
    save(results | {"runs": list(ledger.runs.values())})
    results["together"] = together(ledger, results["single"])
    batch_rules(ledger)
    save(results | {"runs": list(ledger.runs.values())})
    winner = min(results["together"], key=mean_error)
    changes = {
        "defaults": {},
        "best rate": results["single"]["depth"]["3"]["change"],
        "together": winner["change"],
    }
    results["test"] = test_errors(changes, x_train, x_val, x_test)
    results["chosen"] = changes
    save(results | {"runs": list(ledger.runs.values())})
    results["pretraining"] = pretraining(ledger)
    save(results | {"runs": list(ledger.runs.values())})


if __name__ == "__main__":
    run_experiment(measure)
