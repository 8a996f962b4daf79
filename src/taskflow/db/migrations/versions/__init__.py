"""One file a migration; the leading number is its revision."""
