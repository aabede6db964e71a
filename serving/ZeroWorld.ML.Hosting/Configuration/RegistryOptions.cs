using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Hosting;

/// <summary>Where the model registry keeps its metadata.</summary>
public sealed class RegistryOptions : IValidatableObject
{
    public const string Section = "Registry";

    /// <summary>A PostgreSQL database, as Npgsql writes it: <c>Host=HOST;Database=NAME;Username=USER</c>.</summary>
    /// <value><see langword="null"/> (the default): SQLite in the data directory.</value>
    public string? Postgres { get; set; }

    /// <summary>A file whose first line is the password.</summary>
    /// <value>Default: none.</value>
    public string? PostgresPasswordFile { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PostgresPasswordFile is { } file && !File.Exists(file))
        {
            yield return new ValidationResult($"{nameof(PostgresPasswordFile)} is '{file}'; expected a file that is there.", [nameof(PostgresPasswordFile)]);
        }
    }
}
