"""The Roam rows stand in the one table, each judged, explained and tested.

Each stands by itself as a check, and over real HTTP, kept and broken.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_peer.rule import V221, Face, Rule
from mock_peer.rules import RULES
from mock_peer.rules_roam import ROAM_RULES

HERE = Path(__file__).parent
CASES = "".join((HERE / f"test_roam_checks_{part}.py").read_text() for part in ("pull", "push"))

# Which tests show a row on the wire, as `module: test …`; each module begins with test_.
ON_THE_WIRE: dict[str, dict[str, str]] = {
    "roam.roles": {
        "roam_face": "the_emp_begins roam_begins",
        "emp_odd_roam": "pages_that_are_too_large_changed_tariffs_and_capabilities_are_found",
    },
    "roam.no-routing-headers": {
        "roam_face": "routing_to_a_cpo_is_ignored_and_told "
        "roam_sends_no_routing_headers_and_echoes_none"
    },
    "roam.unique-ids": {
        "roam_listing": "equal_ids_of_two_cpos_are_different_ids_for_emps",
        "roam": "locations_ids_and_tokens_are_there_after_a_restart",
    },
    "roam.limit-minute": {
        "roam_face": "a_429_is_an_ocpi_answer_and_the_next_clock_minute_is_free "
        "the_request_after_the_limit_is_429_without_retry_after "
        "a_limit_that_refuses_nothing_is_told_all_the_same"
    },
    "roam.limit-day": {"roam_face": "the_request_after_the_limit_is_429_without_retry_after"},
    "roam.limit-locations": {
        "roam_listing": "a_second_pull_within_a_minute_is_told_and_refused_only_where_set "
        "a_pull_that_was_refused_is_none further_pages_and_single_objects_are_no_pulls"
    },
    "roam.locations-pull-only": {"roam_face": "locations_are_not_pushed_to_roam"},
    "roam.locations-page": {
        "roam_listing": "a_pull_of_600_comes_in_pages_of_250 "
        "deep_offsets_parallel_pulls_and_made_up_pages_are_refused "
        "an_offset_beside_smart_paging_is_deep_too "
        "smart_paging_means_nothing_to_others_and_never_comes_twice"
    },
    "roam.locations-delta": {
        "roam_listing": "a_delta_holds_what_changed_and_what_is_gone_is_found_by_a_full_pull"
    },
    "roam.locations-removed": {
        "roam_listing": "a_delta_holds_what_changed_and_what_is_gone_is_found_by_a_full_pull",
        "relay": "a_location_that_the_cpo_no_longer_lists_is_gone",
        "relay_versions": "locations_come_change_and_go",
    },
    "roam.locations-countries": {
        "roam_listing": "the_countries_that_an_emp_selected_are_all_it_sees "
        "a_blocked_cpo_is_not_seen"
    },
    "roam.locations-name": {
        "roam_listing": "a_name_may_be_missing_and_an_address_is_200_long",
        "emp_odd_roam": "pages_that_are_too_large_changed_tariffs_and_capabilities_are_found",
    },
    "roam.capabilities": {
        "roam_listing": "capabilities_are_kept_and_stripped_on_the_wire",
        "emp_odd_roam": "pages_that_are_too_large_changed_tariffs_and_capabilities_are_found",
    },
    "roam.tariffs-inlined": {
        "roam_listing": "a_tariff_changes_its_id_with_its_content",
        "relay_versions": "a_cdr_comes_with_its_cost_by_dimension",
        "emp_odd_roam": "pages_that_are_too_large_changed_tariffs_and_capabilities_are_found",
    },
    "roam.valid": {
        "roam_keys": "what_a_rule_refuses_goes_no_further "
        "nonsense_is_a_client_error_and_never_ours",
        "roam_commands": "a_start_without_what_ocpi_requires_is_2001",
    },
    "roam.tokens-push-only": {
        "roam_commands": "a_start_with_a_token_that_was_not_pushed_is_rejected",
        "roam_listing": "what_is_pushed_only_cannot_be_pulled",
    },
    "roam.token-types": {"roam_keys": "what_a_rule_refuses_goes_no_further"},
    "roam.token-whitelist": {"roam_keys": "the_whitelist_that_the_cpo_reads"},
    "roam.token-issuer": {
        "relay_versions": "a_token_reaches_the_cpo_changes_and_is_disabled",
        "relay": "a_token_reaches_the_cpo_as_plugsurfings_own",
    },
    "roam.contract-prefixes": {
        "roam_keys": "what_a_rule_refuses_goes_no_further a_prefix_of_another_emp_is_refused"
    },
    "roam.contract-keys": {
        "roam_keys": "what_a_rule_refuses_goes_no_further 26_keys_of_a_contract_are_one_too_many"
    },
    "roam.contract-change": {
        "roam_keys": "what_a_rule_refuses_goes_no_further "
        "a_contract_changes_where_the_organisation_allows_it"
    },
    "roam.contract-format": {
        "roam_keys": "a_token_is_patched_and_given_back_normalised",
        "relay": "a_token_reaches_the_cpo_as_plugsurfings_own",
    },
    "roam.authorize": {
        "relay": "silence_and_garbage_are_decided_as_the_organisation_set_it "
        "an_answer_counts_until_the_timeout "
        "an_emp_that_is_not_asked_has_its_key_checked_alone "
        "the_emp_is_asked_without_a_location_where_none_resolves "
        "the_country_and_the_key_are_checked_before_the_emp_is_asked "
        "each_refusal_of_the_emp_reaches_the_cpo an_emp_that_is_down_is_decided_for"
    },
    "roam.commands": {
        "roam_commands": "other_commands_are_answered_not_supported",
        "relay_versions": "a_session_is_started_told_and_stopped",
    },
    "roam.sessions": {
        "relay": "a_session_is_put_patched_and_put",
        "emp_odd_roam": "sessions_as_roam_would_not_push_them_are_taken_and_told",
    },
    "roam.cdrs": {
        "roam_outbound": "a_second_cdr_of_the_same_session_goes_nowhere "
        "a_cdr_comes_once_however_often_the_cpo_posts_it a_credit_cdr_is_not_passed_on "
        "a_cdr_for_a_location_that_was_never_shared_is_passed_on",
        "relay_versions": "a_cdr_comes_with_its_cost_by_dimension",
        "emp_odd_roam": "each_cdr_is_priced_and_a_wrong_price_is_told",
    },
    "roam.cdr-retry": {
        "roam_outbound": "a_refused_cdr_is_sent_again_every_night_for_a_week "
        "a_week_goes_on_over_restarts_where_a_database_is_used "
        "a_cdr_that_is_taken_on_the_third_night_comes_no_more 201_and_other_codes_are_no_success"
    },
    "roam.cdr-breakdown": {
        "relay_versions": "a_cdr_comes_with_its_cost_by_dimension",
        "emp_odd_roam": "each_cdr_is_priced_and_a_wrong_price_is_told",
    },
    "roam.original-protocol": {
        "relay_versions": "the_protocol_is_told_where_two_keys_share_the_contract "
        "a_key_that_a_cpo_names_by_its_contract_is_uncertain_in_any_version",
        "whole_way": "behind_a_cpo_of_211_the_bill_is_right_and_the_key_uncertain",
    },
}


def test_every_row_of_the_face_is_in_the_table() -> None:
    assert [rule for rule in RULES if rule.face is Face.B] == list(ROAM_RULES)
    assert list(ON_THE_WIRE) == [rule.id for rule in ROAM_RULES]


@pytest.mark.parametrize("rule", ROAM_RULES, ids=lambda rule: rule.id)
def test_a_row_is_judged_explained_and_tested(rule: Rule) -> None:
    assert rule.checks
    assert rule.hint
    assert rule.versions == (V221,)
    assert f'"{rule.id}"' in CASES


@pytest.mark.parametrize("rule", ROAM_RULES, ids=lambda rule: rule.id)
def test_a_row_is_shown_on_the_wire(rule: Rule) -> None:
    for module, names in ON_THE_WIRE[rule.id].items():
        source = (HERE / f"test_{module}.py").read_text()
        for name in names.split():
            assert f"async def test_{name}(" in source
