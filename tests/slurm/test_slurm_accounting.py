"""Slurm with accounting: `sacct` answers, and jobs have an account."""

import accounting
import pytest
from daemons import call
from on_slurm import FINISH

ACCOUNT = "lab"
TARGET = "data/splits/mini_ucf101"


@pytest.fixture(scope="module")
def accounted(cluster, prepared, tmp_path_factory):
    """A project whose cluster keeps accounts, and that uses no stand-in for sacct."""
    if reason := accounting.why_not():
        pytest.skip(reason)
    with accounting.accounting(cluster, ACCOUNT):
        yield prepared.copy(tmp_path_factory.mktemp("accounted") / "project", accounting=True)


def test_the_profile_works_with_accounting_and_jobs_are_the_accounts(accounted):
    account(accounted, ACCOUNT)
    with accounted.started("frames", "--forcerun", "frames_index", "--slurm-status-command", "sacct") as snakemake:
        assert snakemake.wait(timeout=FINISH) == 0, accounted.console()
    (job,) = accounted.slurm_jobs("frames_index")
    told = call("sacct", "-X", "-n", "--parsable2", "-j", job, "--format=State,Account")
    assert told.strip() == f"COMPLETED|{ACCOUNT}"


def test_an_account_that_is_not_known_is_told_with_those_that_are(accounted):
    account(accounted, "wrong")
    with accounted.started("frames", "--forcerun", "frames_index", "--retries", "0") as snakemake:
        assert snakemake.wait(timeout=FINISH) == 1
    said = accounted.console()
    assert "The given account wrong appears to be invalid" in said and ACCOUNT in said.rpartition("accounts")[2]


def account(project, name: str) -> None:
    """What docs/cluster.md says of accounts: a line of the profile."""
    project.edit("workflow/profiles/slurm/config.yaml", lambda c: c["default-resources"].update(slurm_account=name))
