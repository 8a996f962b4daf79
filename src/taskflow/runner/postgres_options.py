"""What our own server is started with."""


def server_options(major: int, socket_dir: str, port: int, max_connections: int) -> list[str]:
    """The options of a small server that listens on a Unix socket alone."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": socket_dir,
        "unix_socket_permissions": "0700",
        "port": str(port),
        "shared_buffers": "32MB",
        "max_connections": str(max_connections),
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_error_verbosity": "terse",  # else an error shows the row that it refused
    }
    if major >= 18:  # noqa: PLR2004 - the first that has them
        settings |= {"io_workers": "1", "autovacuum_worker_slots": "3"}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
