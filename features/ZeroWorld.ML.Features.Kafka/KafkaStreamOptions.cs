using System.ComponentModel.DataAnnotations;
using Confluent.Kafka;

namespace ZeroWorld.ML.Features.Kafka;

/// <summary>Where Kafka is.</summary>
public sealed class KafkaStreamOptions : IValidatableObject
{
    public const string Section = "Streams:Kafka";

    /// <summary><c>HOST:PORT</c> of one or more brokers, joined with ','.</summary>
    /// <value>Default <c>127.0.0.1:9092</c>.</value>
    [Required]
    public string Brokers { get; set; } = "127.0.0.1:9092";

    /// <summary>Further settings of librdkafka, as <c>NAME=VALUE;NAME=VALUE</c>: <c>security.protocol=SASL_SSL;sasl.mechanism=PLAIN;sasl.username=...;sasl.password=...</c>.</summary>
    /// <value>Default none. What decides when an event is done cannot be set.</value>
    public string? Settings { get; set; }

    /// <summary>The longest wait for an answer of a broker.</summary>
    /// <value>Default 10 s; 100 ms to 5 minutes.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The further settings, each with its value.</summary>
    /// <exception cref="FormatException">They are no such list, or name a setting that is not the user's.</exception>
    internal IEnumerable<KeyValuePair<string, string>> ReadSettings()
    {
        foreach (var item in (Settings ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = item.IndexOf('=', StringComparison.Ordinal);
            var name = at < 1 ? item : item[..at].Trim();
            if (at < 1)
            {
                throw new FormatException($"'{name}' is no setting; expected NAME=VALUE, several joined with ';'.");
            }

            if (name is "bootstrap.servers" or "group.id" or "enable.auto.commit" or "enable.auto.offset.store" or "auto.offset.reset" or "enable.idempotence" or "acks")
            {
                throw new FormatException($"'{name}' is not to be set here; expected settings of connection and security.");
            }

            yield return new KeyValuePair<string, string>(name, item[(at + 1)..].Trim());
        }
    }

    internal void ApplyTo(ClientConfig config)
    {
        foreach (var (name, value) in ReadSettings())
        {
            config.Set(name, value);
        }
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        string? fault = null;
        try
        {
            _ = ReadSettings().Count();
        }
        catch (FormatException exception)
        {
            fault = exception.Message;
        }

        if (fault is not null)
        {
            yield return new ValidationResult(fault, [nameof(Settings)]);
        }

        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromMinutes(5))
        {
            yield return new ValidationResult($"{nameof(Timeout)} is {Timeout}; expected 100 ms to 5 minutes.", [nameof(Timeout)]);
        }
    }
}
