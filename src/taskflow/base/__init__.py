"""What every room stands on: settings, time, ids, errors and logs."""
