def render_markdown(d): return ''
