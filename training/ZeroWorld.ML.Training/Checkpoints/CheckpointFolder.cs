using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Training;

/// <summary>The checkpoints of one run: a file per fit, or part of one, that is under way or done.</summary>
/// <param name="folder">Made by the first checkpoint; <see cref="Delete"/> removes it when the run is over.</param>
/// <param name="fingerprint">Of data, columns and settings of the run.</param>
public sealed class CheckpointFolder(string folder, string fingerprint)
{
    /// <summary>The checkpoint of one fit.</summary>
    /// <param name="fit">What tells it from the other fits of the run: its part of the rows, hyper-parameters and seed.</param>
    public FitCheckpoint For(string fit)
    {
        ArgumentException.ThrowIfNullOrEmpty(fit);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(fit)).AsSpan(0, 16));
        return new FitCheckpoint(Path.Combine(folder, name + ".checkpoint"), $"{fingerprint}\n{fit}");
    }

    /// <summary>Removes all of them.</summary>
    public void Delete()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
