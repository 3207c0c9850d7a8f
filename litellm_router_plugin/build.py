"""From settings to running objects: the only place that picks implementations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from litellm_router_plugin.build_checks import Graders, OnFault, build_graders, check_cascade_pays, on_route
from litellm_router_plugin.build_classifiers import build_classifier
from litellm_router_plugin.config.cascade import CascadeSettings
from litellm_router_plugin.config.classifiers import ClassifierSettings, may_suspend
from litellm_router_plugin.config.learned import LearnedSettings
from litellm_router_plugin.config.tier_router import TierRouterConfig
from litellm_router_plugin.core.experiments import Experiment
from litellm_router_plugin.core.frozen import empty
from litellm_router_plugin.core.money import Price
from litellm_router_plugin.core.ports import Classifier
from litellm_router_plugin.core.tiers import Ladder
from litellm_router_plugin.errors import ConfigError, TierRouterError

if TYPE_CHECKING:
    from litellm_router_plugin.learning.outcome_model import LearnedModel


@dataclass(frozen=True, slots=True)
class Policy:
    """A tier router ready to decide: its settings and what was built from them.

    Attributes:
        graders: Who reads drafts; None without a cascade.
        experiments: The running experiments.
        arms: What was built for the arms, by the identity of the settings in ``config`` that it was built from.
        on_routes: Graders of single routes, by the identity of those that they were made from and the route.
    """

    name: str
    config: TierRouterConfig
    ladder: Ladder
    classifier: Classifier
    graders: Graders | None = None
    experiments: tuple[Experiment, ...] = ()
    arms: Mapping[int, Classifier | Graders] = field(default_factory=empty)
    on_routes: Mapping[tuple[int, str], Graders] = field(default_factory=empty)

    @property
    def grader_groups(self) -> tuple[str, ...]:
        """Model groups that grade drafts, in the router's own cascade and in the arms of experiments."""
        graders = [self.graders, *self.arms.values()]
        return tuple(dict.fromkeys(group for one in graders if isinstance(one, Graders) for group in one.groups))

    def classifier_for(self, settings: object) -> Classifier:
        """The classifier that an arm's settings describe; the router's own for none."""
        found = self.arms.get(id(settings))
        return self.classifier if found is None or isinstance(found, Graders) else found

    def graders_for(self, settings: CascadeSettings) -> Graders | None:
        """The graders that an arm's cascade describes."""
        found = self.arms.get(id(settings))
        return found if isinstance(found, Graders) else self.graders

    def graders_on(self, graders: Graders | None, route: str) -> Graders | None:
        """These graders as they are on a route: with what was calibrated for it in force."""
        return self.on_routes.get((id(graders), route), graders)

    @property
    def asks_models(self) -> bool:
        """Whether deciding may call a model, or a user's code that may await something."""
        return may_suspend(self.config.classifier)


def build_policy(
    name: str,
    config: TierRouterConfig,
    prices: Mapping[str, Price | None],
    *,
    on_fault: OnFault,
    checker: object = None,
    models: Mapping[str, str] | None = None,
) -> Policy:
    """Build everything that a tier router needs.

    Args:
        name: The model name that clients call.
        config: Its settings.
        prices: Tier name -> price; None where unknown.
        on_fault: Counts failures of checks, checkers and judges.
        checker: A checker given in code.
        models: Tier name -> the model that its deployments call, by which the learned classifier knows it.

    Raises:
        ConfigError: A setting names something that cannot be built: a pattern, a file, an artefact, a class.
    """
    ladder = config.ladder
    where = f"{name}.classifier"
    intercepts = {route: settings.intercepts for route, settings in config.routes.items() if settings.intercepts}

    def learned(settings: LearnedSettings, ladder: Ladder, _path: str) -> Classifier:
        return build_learned(settings, ladder, prices, models or {}, intercepts)

    def classifier_of(settings: ClassifierSettings, path: str) -> Classifier:
        try:
            return build_classifier(settings, ladder, learned=learned, where=path)
        except ConfigError:
            raise
        except TierRouterError as error:  # a file or an artefact that cannot be used: the settings named it
            raise ConfigError(path, str(error)) from error

    def graders_of(settings: CascadeSettings, path: str) -> Graders:
        check_cascade_pays(settings, path, ladder, prices)
        return build_graders(settings, path, on_fault, checker)

    arms: dict[int, Classifier | Graders] = {}
    for index, experiment in enumerate(config.experiments):
        path = f"{name}.experiments[{index}].set"
        if experiment.arm.classifier is not None:
            arms[id(experiment.arm.classifier)] = classifier_of(experiment.arm.classifier, f"{path}.classifier")
        if isinstance(experiment.arm.cascade, CascadeSettings):
            arms[id(experiment.arm.cascade)] = graders_of(experiment.arm.cascade, f"{path}.cascade")
    graders = None if config.cascade is None else graders_of(config.cascade, f"{name}.cascade")
    every = [one for one in (graders, *arms.values()) if isinstance(one, Graders)]
    return Policy(
        name,
        config,
        ladder,
        classifier_of(config.classifier, where),
        graders,
        tuple(experiment.to_experiment() for experiment in config.experiments),
        arms,
        {(id(one), route): on_route(one, settings) for one in every for route, settings in config.routes.items()},
    )


@lru_cache(maxsize=16)
def loaded_model(folder: str | None) -> LearnedModel:
    """The learned model in a folder, or the shipped one; read once a process."""
    from litellm_router_plugin.learning.learned_classifier import default_model  # noqa: PLC0415  numpy, only where used
    from litellm_router_plugin.learning.outcome_artefact import load_model  # noqa: PLC0415  same

    return default_model() if folder is None else load_model(folder)


def build_learned(
    settings: LearnedSettings,
    ladder: Ladder,
    prices: Mapping[str, Price | None],
    models: Mapping[str, str],
    routes: Mapping[str, Mapping[str, float]],
) -> Classifier:
    """The learned classifier for a ladder at its prices; it says in the log what is wrong with the ladder.

    ``models`` is tier -> model name, ``routes`` is route -> tier -> shift of its log-odds there.

    Raises:
        ArtefactError: The model's folder is missing, damaged, or of another version.
    """
    from litellm_router_plugin.classifiers.learned import LearnedTierClassifier  # noqa: PLC0415  numpy, only where used

    return LearnedTierClassifier(
        loaded_model(settings.artefact),
        ladder,
        prices,
        quality_target=settings.quality_target,
        cost_quality=settings.cost_quality,
        routes=routes,
        model_names=models,
        skip_dominated=settings.skip_dominated,
    )
