"""What of this machine mtbenchx needs, looked at: versions, tasks, keys, ledger, disk, network."""
