"""Which tests answer for each row of the fault and abuse matrix?

A test is named by its file, or by file and function; a function stands for all its parameters.
"""

from dataclasses import dataclass

F = "tests/faults"
J = "tests/journeys"
P = "tests/cloud_api/payments"
R = "tests/cloud_api/reservations"
E = "tests/edge_agent"
M = "tests/firmware_config/test_mosquitto_wall.py"


@dataclass(frozen=True)
class Row:
    """One fault or abuse. `holds`: the invariants it must leave whole; `left_out`: said plainly."""

    name: str
    fault: str
    holds: str
    tests: tuple[str, ...]
    left_out: str = ""


ROWS: tuple[Row, ...] = (
    Row(
        "A1",
        "every process of ours killed at any moment",
        "I3-I7, I9",
        (f"{F}/test_kill_lockd.py", f"{F}/test_kill_the_rest.py"),
    ),
    Row(
        "A2",
        "killed at every write and flush of a transaction",
        "I5, I6",
        (f"{F}/test_kill_every_write.py",),
    ),
    Row(
        "A3",
        "power cut, unflushed writes lost or torn",
        "I5, I6",
        (f"{F}/test_power_cut.py",),
        "a model: no real card that lies about flushing",
    ),
    Row(
        "A4",
        "a worker killed between provider, commit and what follows",
        "I1, I2",
        (f"{F}/test_money_dies.py", f"{P}/test_payment_once.py"),
    ),
    Row(
        "A5",
        "the database killed while guests book and pay",
        "I1, I2",
        (f"{F}/test_money_database.py::test_a_database_that_dies_loses_no_booking_and_no_payment",),
        "immediate shutdown; no SIGKILL of the postmaster",
    ),
    Row(
        "A6",
        "the database restored from an older backup",
        "I2, I5",
        (
            f"{F}/test_money_database.py::test_what_an_older_backup_does_not_know_of_money_is_found",
            f"{J}/test_restored_cloud.py",
            f"{J}/test_backup_and_restore.py",
        ),
        "a booking of the lost days is gone: its money stands on the list",
    ),
    Row(
        "A7",
        "disk full",
        "I6, I11",
        (
            f"{F}/test_bad_disk.py",
            f"{F}/test_small_disk.py",
            f"{E}/actions/test_record_room.py",
        ),
    ),
    Row("A8", "I/O errors of the disk", "I5, I6", (f"{F}/test_bad_disk.py",)),
    Row("A9", "bits flip, pages damaged", "I3, I5", (f"{F}/test_flipped_bits.py",)),
    Row(
        "A10",
        "an old card put back",
        "I5",
        (
            f"{F}/test_old_card.py",
            "tests/cloud_api/fleet/test_delivery.py::test_a_house_that_lost_its_book_gets_it_again",
        ),
        "offline, an old card opens until its lease ends",
    ),
    Row(
        "A11",
        "files cut, emptied, removed, read-only",
        "I5, I6",
        (
            f"{F}/test_small_disk.py",
            f"{F}/test_flipped_bits.py::test_worse_damage_never_makes_another_book",
            f"{E}/lockd/test_lockd_storage.py",
        ),
    ),
    Row(
        "A12",
        "no descriptors left",
        "I9, I11",
        (
            f"{F}/test_exhausted.py",
            f"{E}/local_api/test_lan_security.py::test_one_neighbour_cannot_take_all_connections",
        ),
        "memory: a process that the kernel ends is row A1",
    ),
    Row(
        "A13",
        "update in an unlock, killed migration, older code",
        "I5, I6",
        (f"{F}/test_update.py", f"{E}/store/test_update_lock.py"),
    ),
    Row(
        "A14",
        "two devices of one card",
        "I5, I7",
        (f"{F}/test_cloned_card.py", f"{F}/test_two_of_one_card.py"),
    ),
    Row(
        "B1",
        "cut off for days",
        "I4, I5",
        (
            f"{F}/test_partition.py",
            f"{J}/test_revocation.py",
            f"{J}/test_checkout_instant.py",
        ),
    ),
    Row(
        "B2",
        "half-open lines",
        "I7, I9",
        (
            f"{F}/test_bad_lines.py::test_a_line_that_is_silent_one_way_is_noticed_and_made_anew",
            f"{E}/link/test_link_recovers.py",
        ),
    ),
    Row(
        "B3",
        "jitter, a narrow line",
        "I5",
        (
            f"{F}/test_bad_lines.py::test_a_slow_and_shaking_line_still_gets_a_booking_and_a_revocation_through",
        ),
        "lost packets: needs nft or netem; TCP shows us loss as delay",
    ),
    Row(
        "B4",
        "broker killed or standing still",
        "I5, I9",
        (f"{F}/test_broker_dies.py::test_no_revocation_is_lost_with_the_broker",),
    ),
    Row(
        "B5",
        "broker loses everything",
        "I5",
        (
            f"{F}/test_broker_dies.py::test_no_revocation_is_lost_with_the_broker",
            "tests/cloud_api/fleet/test_delivery.py::test_a_wiped_broker_is_filled_again_from_the_database",
        ),
    ),
    Row(
        "B6",
        "copies, swaps, delays, replays",
        "I5, I7",
        (
            f"{F}/test_wire_model.py::test_repeated_late_reordered_altered_forged",
            f"{F}/test_bad_lines.py::test_copies_swaps_and_alterations_on_the_live_line_open_nothing_twice",
            f"{J}/test_hostile_wire.py",
        ),
    ),
    Row(
        "B7",
        "every byte and bit altered",
        "I3",
        (f"{F}/test_altered.py", "tests/protocol/test_envelope.py"),
    ),
    Row(
        "B8",
        "true signature, wrong house, kind, key, number, parts",
        "I3, I5",
        (
            f"{F}/test_wire_model.py::test_repeated_late_reordered_altered_forged",
            f"{E}/actions/test_apply_snapshot.py",
            f"{E}/lockd/test_lockd_live.py",
        ),
    ),
    Row(
        "B9",
        "a command that comes late",
        "I7",
        (
            f"{F}/test_wire_model.py::test_repeated_late_reordered_altered_forged",
            f"{J}/test_remote_unlock.py",
            "tests/review/test_ten_seconds_in_all.py",
        ),
    ),
    Row(
        "B10",
        "planted by will, alias, retained, shared",
        "I3, I7",
        (
            f"{F}/test_broker_dies.py::test_a_strangers_will_alias_and_shared_subscription_open_nothing",
            f"{F}/test_noise_on_the_wire.py::test_rubbish_planted_on_retained_topics_changes_no_book",
            f"{M}::test_a_last_will_in_anothers_name_is_never_told",
        ),
    ),
    Row(
        "B11",
        "another house at the broker",
        "I8",
        (
            f"{M}::test_each_house_hears_its_own_and_nothing_of_the_others",
            f"{M}::test_what_was_retained_for_another_house_is_not_delivered_later",
            f"{M}::test_another_houses_client_id_neither_takes_its_line_nor_its_queue",
            f"{M}::test_a_name_that_is_a_pattern_hears_nothing_of_a_house",
        ),
    ),
    Row(
        "B12",
        "no, expired, foreign, refused certificate; 1970",
        "I3, I8",
        (
            f"{M}::test_without_a_good_certificate_nobody_gets_in",
            f"{M}::test_a_refused_certificate_stays_out_and_others_stay_in",
            f"{E}/link/test_link_tls.py",
        ),
    ),
    Row(
        "B13",
        "all houses connect at once; floods",
        "I9, I11",
        (
            f"{F}/test_connection_storm.py",
            f"{M}::test_a_flood_of_one_house_costs_it_the_line_and_others_nothing",
        ),
    ),
    Row(
        "B14",
        "a lock vendor's cloud fails in every way",
        "I5",
        (
            f"{E}/drivers/ttlock_cloud/test_cloud_faults.py",
            f"{E}/drivers/ttlock_cloud/test_cloud_refusals.py",
            f"{F}/test_pins_model.py",
        ),
    ),
    Row(
        "C1",
        "boots in 1970 or ten years on",
        "I4",
        (
            f"{F}/test_clock.py::test_c1_after_a_power_cut_no_clock_of_its_own_opens_a_door",
            f"{F}/test_wrong_clock.py",
            f"{J}/test_unknown_time.py",
        ),
    ),
    Row(
        "C2",
        "clocks step, drift, are lied to",
        "I4",
        (
            f"{F}/test_clock.py::test_c2_steps_slews_drift_reboots_and_lying_time_servers",
            f"{F}/test_clock.py::test_c2_a_step_forward_that_ends_a_stay_is_told",
        ),
    ),
    Row(
        "C3",
        "all zones, changes of the clocks",
        "I4",
        (f"{F}/test_clock.py::test_c3_in_every_zone_a_stay_begins_and_ends_by_the_walls_clock",),
    ),
    Row(
        "C4",
        "the instants at the edges",
        "I4",
        (f"{F}/test_clock.py::test_c4_windows_are_half_open_to_the_microsecond",),
    ),
    Row(
        "C5",
        "a lock's clock drifts",
        "I4",
        (
            f"{E}/actions/test_keep_lock.py::test_the_locks_clock_is_set_by_trusted_time_and_drift_is_told",
            f"{E}/actions/test_lock_care.py",
            f"{E}/actions/test_lock_time.py",
        ),
    ),
    Row(
        "C6",
        "the application's clock is not the database's",
        "I1",
        (
            "tests/cloud_api/reservations/test_holds.py::test_only_the_databases_clock_lets_a_hold_run_out",
        ),
    ),
    Row("C7", "stood still between decision and motor", "I4, I7", (f"{F}/test_standing_still.py",)),
    Row("D1", "a crowd wants the same nights", "I1", ("tests/storm/test_overlap_storm.py",)),
    Row(
        "D2",
        "empty, reversed, endless, too long nights; arrival on a departure",
        "I1",
        (
            f"{R}/test_reservation_guard.py",
            f"{R}/test_reservation_rules.py",
            f"{R}/test_reservations.py",
        ),
    ),
    Row("D3", "a hold ends while its guest pays", "I1, I2", (f"{F}/test_late_money.py",)),
    Row(
        "D4",
        "notices forged, altered, old",
        "I2",
        (
            f"{F}/test_money_notices.py::test_no_altered_notice_is_taken",
            f"{F}/test_money_notices.py::test_at_the_door_a_forged_notice_is_refused_and_nothing_follows",
            f"{P}/test_payment_webhooks.py",
            f"{P}/providers/test_provider_contract.py",
        ),
        "altered by thousands for Mercado Pago; the other providers by their contract's cases",
    ),
    Row(
        "D5",
        "notices many times, in any order, missing",
        "I2",
        (
            f"{F}/test_money_notices.py::test_every_order_and_any_gap_of_a_flows_notices_ends_in_the_same_state",
            f"{F}/test_money_notices.py::test_twenty_copies_at_once_are_one_payment",
            f"{P}/test_payment_rules.py",
        ),
    ),
    Row(
        "D6",
        "the provider falls silent, before or after it charged",
        "I2",
        (f"{F}/test_money_silence.py", f"{P}/test_payment_once.py", f"{P}/test_payment_doubts.py"),
    ),
    Row(
        "D7",
        "crooked, partial, negative amounts; double refunds; disputes",
        "I2",
        (f"{F}/test_money_amounts.py", f"{P}/test_giving_back.py", f"{P}/test_folio_sums.py"),
    ),
    Row(
        "D9",
        "everything in any order with faults, against a plain model",
        "I1, I2",
        (f"{F}/test_money_model.py", f"{R}/test_reservation_model.py"),
    ),
    Row(
        "D10",
        "a stay changed, cancelled or shortened while the house is cut off",
        "I4, I5",
        (
            f"{J}/test_revocation.py",
            f"{F}/test_partition.py",
            "tests/cloud_api/access/test_shortened_and_completed.py",
            "tests/cloud_api/access/test_stays_and_grants.py",
        ),
    ),
    Row(
        "E12",
        "every decoder fuzzed",
        "I11",
        (
            f"{F}/test_decoders.py",
            f"{F}/test_noise_on_the_wire.py",
            "tests/cloud_api/fleet/test_enrolment_fuzz.py",
        ),
        "atheris: Hypothesis alone makes up the bytes",
    ),
    Row(
        "E13",
        "a neighbour in the Wi-Fi",
        "I3, I12",
        (
            f"{F}/test_house_in_its_wifi.py",
            f"{E}/local_api/test_lan_security.py",
            f"{J}/test_secrets.py",
        ),
        "false ARP and DHCP",
    ),
    Row("E14", "the record altered", "I6", (f"{F}/test_tampered_audit.py",)),
    Row("E15", "a process beside lockd taken over", "I3, I12", (f"{F}/test_compromised_agent.py",)),
    Row(
        "E17",
        "claims stolen, reused, guessed; crooked requests",
        "I8",
        (
            "tests/cloud_api/fleet/test_enrolment_fuzz.py",
            "tests/provisioning/test_claim.py",
            "tests/provisioning/test_certificates.py",
        ),
    ),
    Row(
        "F3",
        "broken on purpose: is it found out?",
        "I1-I12",
        (
            f"{F}/test_wire_model.py::test_control_a_house_lacking_one_guard_is_found_out",
            f"{F}/test_controls.py",
            f"{F}/test_money_controls.py",
            f"{F}/test_power_cut.py::test_without_flushes_the_same_cuts_lose_promises",
            f"{F}/test_power_cut.py::test_control_with_sqlites_own_setting_the_same_cuts_lose_promises",
            f"{F}/test_altered.py::test_control_without_the_signature_alterations_are_taken",
            f"{F}/test_canaries.py::test_the_search_finds_what_is_there",
            f"{F}/test_oracle.py",
            f"{F}/test_compromised_agent.py::test_control_an_open_file_and_a_listed_user_are_found",
            f"{M}::test_control_without_the_rule_for_client_ids_a_revocation_is_lost",
            f"{M}::test_control_without_the_access_list_a_house_hears_another",
        ),
    ),
)
