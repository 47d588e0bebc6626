"""The migrations, one file per step, made by `brume.cloud.migrations.run`."""
