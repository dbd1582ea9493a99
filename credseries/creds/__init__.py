"""The credential model: effects, sites, states and the proof."""
