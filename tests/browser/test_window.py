"""The window that the other browser tests look through shows what a reader would see."""


def test_it_has_the_size_and_the_theme_asked_for(open_page, write):
    page = open_page(write("<p>text</p>"), width=375, height=700, theme="dark")
    assert page.evaluate("[innerWidth, innerHeight]") == [375, 700]
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")


def test_without_javascript_no_script_runs(open_page, write):
    path = write("<p>before</p><script>document.querySelector('p').textContent = 'after'</script>")
    assert open_page(path).inner_text("p") == "after"
    assert open_page(path, javascript=False).inner_text("p") == "before"
