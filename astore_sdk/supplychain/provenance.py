"""SLSA provenance v1: where and from what an artifact was built (slsa.dev/spec/v1.0/provenance).

Provenance that a build signs with a key it holds is the build's own word. What SLSA calls level 2 and above needs a builder that
signs where the build cannot reach.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from attrs import field, frozen

from ..exceptions import InvalidInputError

GITHUB_BUILD_TYPE = "https://actions.github.io/buildtypes/workflow/v1"


@frozen
class ResourceDescriptor:
    """Something that a build used or made: a source, a tool, a file (in-toto ResourceDescriptor)."""

    uri: str | None = None
    digest: Mapping[str, str] = field(factory=dict[str, str], hash=False)
    """By algorithm: `{"sha256": "…"}`, `{"gitCommit": "…"}`."""
    name: str | None = None
    download_location: str | None = None
    media_type: str | None = None
    annotations: Mapping[str, object] = field(factory=dict[str, object], hash=False)

    def to_dict(self) -> dict[str, object]:
        """Return it as it stands in a predicate."""
        return _present(
            {
                "name": self.name,
                "uri": self.uri,
                "digest": dict(self.digest),
                "downloadLocation": self.download_location,
                "mediaType": self.media_type,
                "annotations": dict(self.annotations),
            }
        )


@frozen
class BuildDefinition:
    """What was to be built, and how."""

    build_type: str
    """URI that says what the parameters mean."""
    external_parameters: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    """What whoever started the build could choose: what a verifier should look at."""
    internal_parameters: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    resolved_dependencies: tuple[ResourceDescriptor, ...] = field(default=(), converter=tuple[ResourceDescriptor, ...])

    def to_dict(self) -> dict[str, object]:
        """Return it as it stands in a predicate."""
        return {
            "buildType": self.build_type,
            "externalParameters": dict(self.external_parameters),
            **_present(
                {
                    "internalParameters": dict(self.internal_parameters),
                    "resolvedDependencies": [item.to_dict() for item in self.resolved_dependencies],
                }
            ),
        }


@frozen
class RunDetails:
    """How one build ran."""

    builder_id: str
    """URI of what ran it, and is trusted to have run it faithfully."""
    builder_version: Mapping[str, str] = field(factory=dict[str, str], hash=False)
    invocation_id: str | None = None
    """URI of this one run."""
    started_on: datetime | None = None
    finished_on: datetime | None = None
    byproducts: tuple[ResourceDescriptor, ...] = field(default=(), converter=tuple[ResourceDescriptor, ...])

    def to_dict(self) -> dict[str, object]:
        """Return it as it stands in a predicate."""
        metadata = _present(
            {
                "invocationId": self.invocation_id,
                "startedOn": _timestamp(self.started_on),
                "finishedOn": _timestamp(self.finished_on),
            }
        )
        return {
            "builder": {"id": self.builder_id, **_present({"version": dict(self.builder_version)})},
            **_present({"metadata": metadata, "byproducts": [item.to_dict() for item in self.byproducts]}),
        }


@frozen
class Provenance:
    """Where an artifact comes from. Give its `to_dict()` to `publish(attest={"provenance": …})` or `add_attestation`."""

    build_definition: BuildDefinition
    run_details: RunDetails

    def to_dict(self) -> dict[str, object]:
        """Return the predicate of `https://slsa.dev/provenance/v1`."""
        return {"buildDefinition": self.build_definition.to_dict(), "runDetails": self.run_details.to_dict()}

    @classmethod
    def from_github_actions(cls, environment: Mapping[str, str] | None = None) -> Provenance:
        """Return the provenance of what the GitHub Actions job that this runs in builds.

        The same run gives the same provenance: no times are in it. GitHub documents the variables under "Variables reference".

        Args:
            environment: Where the variables are; those of the process if not given.

        Raises:
            InvalidInputError: A variable is missing: this is no such job.
        """
        found = os.environ if environment is None else environment

        def variable(name: str) -> str:
            if not found.get(name):
                raise InvalidInputError(f"the environment variable {name} is not set: this is no job of GitHub Actions")
            return found[name]

        repository = f"{variable('GITHUB_SERVER_URL')}/{variable('GITHUB_REPOSITORY')}"
        workflow, _, workflow_ref = variable("GITHUB_WORKFLOW_REF").partition("@")
        run = f"{repository}/actions/runs/{variable('GITHUB_RUN_ID')}/attempts/{variable('GITHUB_RUN_ATTEMPT')}"
        github = {
            "event_name": variable("GITHUB_EVENT_NAME"),
            "repository_id": variable("GITHUB_REPOSITORY_ID"),
            "repository_owner_id": variable("GITHUB_REPOSITORY_OWNER_ID"),
            "runner_environment": variable("RUNNER_ENVIRONMENT"),
        }
        return cls(
            BuildDefinition(
                GITHUB_BUILD_TYPE,
                external_parameters={
                    "workflow": {
                        "ref": workflow_ref,
                        "repository": repository,
                        "path": workflow.removeprefix(f"{variable('GITHUB_REPOSITORY')}/"),
                    }
                },
                internal_parameters={"github": github},
                resolved_dependencies=(
                    ResourceDescriptor(f"git+{repository}@{variable('GITHUB_REF')}", {"gitCommit": variable("GITHUB_SHA")}),
                ),
            ),
            RunDetails(f"https://github.com/actions/runner/{variable('RUNNER_ENVIRONMENT')}", invocation_id=run),
        )


def _present(values: Mapping[str, object]) -> dict[str, object]:
    """Return what is there: neither None nor empty."""
    return {name: value for name, value in values.items() if value}


def _timestamp(moment: datetime | None) -> str | None:
    """Return a moment as RFC 3339 has it, in UTC; one without a zone is in UTC."""
    if moment is None:
        return None
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat(timespec="seconds").replace("+00:00", "Z")
