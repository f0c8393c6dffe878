# One word for each thing a contributor does. `make` alone prints them.

SLOW = dense_chapters.py diagnosis.py keras_agreement.py saving.py # they start TensorFlow, or train for long

.PHONY: help quick page check book all

help: ## Print this list.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

quick: ## Seconds: style, floors, sources of the book, and the unit tests of nn, metrics and figures.
	ruff check .
	ruff format --check .
	lint-imports --no-cache
	python -m book.sources
	pytest -q tests/nn tests/metrics tests/figures $(addprefix --ignore=tests/nn/test_,$(SLOW))

page: ## Execute one chapter and build its page: make page P=4_numpy/mnist
	@python -m book.page $(P)

check: ## Minutes: every test, and every chapter as one of them.
	pytest

book: ## Minutes: the book, in _build/html/index.html.
	jupyter-book build .

all: ## All that runs before a change lands, in a fresh environment.
	.ci/run
