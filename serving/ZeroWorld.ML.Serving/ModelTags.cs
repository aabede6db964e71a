using System.Diagnostics;
using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>The tags of a model version, made once: nothing is boxed or formatted per request.</summary>
internal readonly struct ModelTags
{
    private readonly TagList _tags;

    public ModelTags(ModelName model, long version) =>
        _tags = new TagList { { "project", model.Project }, { "model.name", model.Name }, { "model.version", version.ToString(CultureInfo.InvariantCulture) } };

    /// <summary>No model: the request named none that there is.</summary>
    public static ModelTags None => default;

    public TagList Values => _tags;

    public TagList With(string name, string? value)
    {
        var tags = _tags;
        if (value is not null)
        {
            tags.Add(name, value);
        }

        return tags;
    }

    public TagList With(string name1, string? value1, string name2, string? value2)
    {
        var tags = With(name1, value1);
        tags.Add(name2, value2);
        return tags;
    }
}
