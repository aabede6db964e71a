namespace ZeroWorld.ML.Hosting;

/// <summary>How a server writes its log, a line per message.</summary>
public enum LogFormat
{
    /// <summary>Time, level, who says it with the number of the message, and the sentence.</summary>
    Text,

    /// <summary>A JSON object with the same, and the values in the sentence by name.</summary>
    Json,
}
