"""The load benchmark, with few people for a few seconds: what must be true of each run."""

from tests.bench.load import FAULTS, lay_out, run, running_site, sign_in

MOST_DIFFERENT = ("Redis killed", "PostgreSQL restarted", "web process killed")


def test_faults_under_load_lose_nothing_and_are_explained() -> None:
    with running_site(people=6) as (site, crowd):
        sign_in(crowd)
        lay_out(site.sentry)
        for fault in FAULTS:
            if fault.name in MOST_DIFFERENT:
                failed = [
                    what
                    for what, is_met in run(site, crowd, fault, seconds=6, pause_s=0.5).checks()
                    if not is_met
                ]
                assert not failed, (fault.name, failed)
