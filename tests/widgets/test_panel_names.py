"""The result folder in the experiment panel: ours follows the configuration, a learner's own name stays."""

from __future__ import annotations

import revorder as ro


def test_a_folder_that_somebody_names_keeps_its_name():
    panel = ro.widgets.ExperimentPanel("mlp-digits", "smoke")
    given = panel.folder.value
    panel.folder.value = given + "1"
    panel.seeds.value += 1
    assert panel.folder.value == given + "1"
    panel.folder.value = given  # again ours: every configuration has one of its own
    panel.profile.value = "laptop"
    assert panel.folder.value.endswith("mlp-digits-laptop")
