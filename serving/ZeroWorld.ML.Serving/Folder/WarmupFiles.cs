using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Finds the data of warm-up requests beside a model's versions, in its folder <c>warmup</c>. Reads none of it.</summary>
internal static class WarmupFiles
{
    public const string FolderName = "warmup";

    /// <summary>The samples with full paths in place of the names of files.</summary>
    /// <param name="root">The model folder, which nothing may lead out of.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="samples">As the configuration has them.</param>
    /// <exception cref="ModelConfigException">There is no such file, or it is no name of one.</exception>
    public static IReadOnlyList<WarmupSample> Find(string root, string folder, IReadOnlyList<WarmupSample> samples) =>
        [.. samples.Select(sample => sample with { Inputs = [.. sample.Inputs.Select(input => input.File is { } name ? input with { File = Find(root, folder, name) } : input)] })];

    private static string Find(string root, string folder, string name)
    {
        if (name is "" or "." or ".." || name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0)
        {
            throw new ModelConfigException(1, 1, $"the input_data_file '{name}' is a path; expected the name of a file in the model's folder '{FolderName}'");
        }

        var path = Path.Combine(folder, FolderName, name);
        return !File.Exists(path) ? throw new ModelConfigException(1, 1, $"the input_data_file '{FolderName}/{name}' is not there")
            : LinkGuard.FindEscape(root, path) is { } escape ? throw new ModelConfigException(1, 1, escape)
            : path;
    }
}
