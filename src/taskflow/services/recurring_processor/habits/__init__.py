"""What a person does again and again without a series: found, and proposed as one."""
