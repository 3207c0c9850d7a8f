"""Features, training, calibration and artefacts of the learned classifier and the learned answer check."""
