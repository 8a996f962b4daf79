"""What services and sidecars show of themselves."""

from prometheus_client.parser import text_string_to_metric_families


def total(text: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples; the parser names every counter as Prometheus would have it."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name in {name, f"{name}_total"} and labels.items() <= sample.labels.items()
    )
