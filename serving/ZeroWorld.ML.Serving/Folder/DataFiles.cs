using System.Security.Cryptography;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Finds tensors that lie in files beside a model's versions: those of warm-up requests in its folder <c>warmup</c>, what sequences begin with in <c>initial_state</c>.</summary>
internal static class DataFiles
{
    public const string WarmupFolder = "warmup";
    public const string InitialStateFolder = "initial_state";

    /// <summary>The samples with full paths in place of the names of files. Reads none of them.</summary>
    /// <param name="root">The model folder, which nothing may lead out of.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="samples">As the configuration has them.</param>
    /// <exception cref="ModelConfigException">There is no such file, or it is no name of one.</exception>
    public static IReadOnlyList<WarmupSample> Find(string root, string folder, IReadOnlyList<WarmupSample> samples) =>
        [.. samples.Select(sample => sample with { Inputs = [.. sample.Inputs.Select(input => input.File is { } name ? input with { File = Find(root, folder, WarmupFolder, "input_data_file", name) } : input)] })];

    /// <inheritdoc cref="Find(string, string, IReadOnlyList{WarmupSample})"/>
    public static IReadOnlyList<SequenceState> Find(string root, string folder, IReadOnlyList<SequenceState> states) =>
        [.. states.Select(state => state.InitialFile is { } name ? state with { InitialFile = Find(root, folder, InitialStateFolder, "data_file", name) } : state)];

    /// <summary>SHA-256 of a file's bytes, in hex.</summary>
    public static string Digest(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static string Find(string root, string folder, string place, string field, string name)
    {
        if (name is "" or "." or ".." || name.AsSpan().IndexOfAny('/', '\\', '\0') >= 0)
        {
            throw new ModelConfigException(1, 1, $"the {field} '{name}' is a path; expected the name of a file in the model's folder '{place}'");
        }

        var path = Path.Combine(folder, place, name);
        return !File.Exists(path) ? throw new ModelConfigException(1, 1, $"the {field} '{place}/{name}' is not there")
            : LinkGuard.FindEscape(root, path) is { } escape ? throw new ModelConfigException(1, 1, escape)
            : path;
    }
}
