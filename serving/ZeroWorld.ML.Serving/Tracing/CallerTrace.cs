using System.Diagnostics;

namespace ZeroWorld.ML.Serving;

/// <summary>The trace that the caller of the current request is part of, by W3C Trace Context.</summary>
/// <remarks>Flows with the call: whoever receives a request sets it, the engine reads it. Thread safe.</remarks>
public static class CallerTrace
{
    private static readonly AsyncLocal<StrongContext?> Local = new();

    /// <value>The default value: the caller has none.</value>
    internal static ActivityContext Current => Local.Value is { } context ? context.Value : default;

    /// <summary>Takes the context for everything that the current call does from here on. What is no valid <c>traceparent</c> is no context, as the standard has it.</summary>
    /// <param name="traceParent">The header or metadata <c>traceparent</c>; <see langword="null"/> or empty: there is none.</param>
    /// <param name="traceState">The header or metadata <c>tracestate</c>.</param>
    public static void Set(string? traceParent, string? traceState) =>
        Local.Value = !string.IsNullOrEmpty(traceParent) && ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var context) ? new StrongContext(context) : null;

    private sealed record StrongContext(ActivityContext Value);
}
