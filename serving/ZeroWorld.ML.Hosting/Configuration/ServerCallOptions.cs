using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Hosting;

/// <summary>How the commands call a running server that has TLS.</summary>
public sealed class ServerCallOptions : IValidatableObject
{
    public const string Section = "Client";

    /// <summary>PEM file of the authorities that signed the server's certificate.</summary>
    /// <value>Default <see langword="null"/>: those that this machine trusts.</value>
    public string? AuthorityFile { get; set; }

    /// <summary>PEM file of the certificate with which calls are made, for a server that asks for one.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file of its key, not encrypted.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The name that the server's certificate is for.</summary>
    /// <value>Default <see langword="null"/>: the address that is called, which is one of this machine.</value>
    public string? ServerName { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrEmpty(CertificateFile) != string.IsNullOrEmpty(KeyFile))
        {
            yield return new ValidationResult("one of the certificate and its key is given; expected both or none.", [nameof(CertificateFile), nameof(KeyFile)]);
        }
    }
}
