.PHONY: lock
lock:
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-annotate --custom-compile-command "make lock" --extra dev --extra build pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-annotate --custom-compile-command "make lock" --extra build -c requirements-dev.lock pyproject.toml -o requirements.lock
