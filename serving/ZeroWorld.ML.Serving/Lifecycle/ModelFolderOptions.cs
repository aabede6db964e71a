using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Serving;

/// <summary>Models that are served from a folder, beside those of the registry.</summary>
public sealed class ModelFolderOptions : IValidatableObject
{
    public const string Section = "Models";

    /// <summary>The folder: <c>NAME/VERSION/model.onnx</c> or <c>model.pt</c>, with <c>config.pbtxt</c> or <c>model.yaml</c> beside the versions.</summary>
    /// <value>Default <see langword="null"/>: only the registry.</value>
    public string? Folder { get; set; }

    /// <summary>Who decides which of its models are loaded.</summary>
    /// <value>Default <see cref="ModelControl.None"/>.</value>
    public ModelControl Control { get; set; }

    /// <summary>Models to load at the start where <see cref="Control"/> is <see cref="ModelControl.Explicit"/>: names joined with ',', or '*' for all.</summary>
    /// <value>Default <see langword="null"/>: none.</value>
    public string? Load { get; set; }

    /// <summary>How often the folder is read where <see cref="Control"/> is <see cref="ModelControl.Poll"/>.</summary>
    /// <value>Default 5 s; 100 ms to 1 h.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>All files together, in MiB, that may be held of models whose files came with calls for a load, where <see cref="Control"/> is <see cref="ModelControl.Explicit"/>.</summary>
    /// <value>Default 4,096; 0: such files are refused.</value>
    [Range(0, 1 << 20)]
    public int OverrideMebibytesMax { get; set; } = 4096;

    /// <summary>Where such files lie; emptied at the start.</summary>
    /// <value>Default <see langword="null"/>: such files are refused.</value>
    public string? OverrideFolder { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PollInterval < TimeSpan.FromMilliseconds(100) || PollInterval > TimeSpan.FromHours(1))
        {
            yield return new ValidationResult($"{PollInterval} is out of range; expected 100 ms to 1 h.", [nameof(PollInterval)]);
        }

        if (Load is not null && Control != ModelControl.Explicit)
        {
            yield return new ValidationResult($"models to load are named, but {Section}:{nameof(Control)} is {Control}, which loads all; expected {ModelControl.Explicit}.", [nameof(Load)]);
        }

        if (Folder is null && (Load is not null || Control != ModelControl.None))
        {
            yield return new ValidationResult($"there is no folder to control; set {Section}:{nameof(Folder)}.", [nameof(Folder)]);
        }
    }
}
