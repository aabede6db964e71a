using Spectre.Console.Rendering;

namespace ZeroWorld.ML.Cli;

/// <summary>Whatever a console renders: no text in it that the terminal would obey (<see cref="ShownText"/>). What the console itself sends as control codes passes.</summary>
internal sealed class ShownTextHook : IRenderHook
{
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) => renderables.Select(static renderable => new Shown(renderable));

    private sealed class Shown(IRenderable inner) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => inner.Render(options, maxWidth).Select(Show);

        private static Segment Show(Segment segment)
        {
            var text = segment.IsControlCode ? segment.Text : ShownText.Lines(segment.Text);
            return text == segment.Text ? segment : new Segment(text, segment.Style, segment.Link);
        }
    }
}
