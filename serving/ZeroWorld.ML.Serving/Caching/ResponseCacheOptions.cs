using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Serving;

/// <summary>Answers that are kept for the next request with the same inputs, of models whose configuration asks for it.</summary>
public sealed class ResponseCacheOptions
{
    public const string Section = "Serving:ResponseCache";

    /// <summary>Memory of all answers together, in MiB; the ones that were used least recently go first.</summary>
    /// <value>Default 0: every answer is computed, whatever a model's configuration says.</value>
    [Range(0, 1 << 20)]
    public int MebibytesMax { get; set; }
}
