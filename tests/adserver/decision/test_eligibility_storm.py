"""Nothing ineligible is found, whatever is filtered, paused, capped or changed meanwhile."""

from tests.adserver.decision.eligibility_storm import Storm


def test_a_storm_of_turns_and_changes_has_no_ineligible_winner() -> None:
    storm = Storm(seed=1)

    storm.run(1_500)

    assert +storm.wrong == {}
    assert storm.won > 50
    assert storm.index.generation > 10
