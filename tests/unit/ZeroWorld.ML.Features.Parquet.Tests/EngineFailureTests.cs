using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>What the engine says when it stops, and what is made of it.</summary>
public sealed class EngineFailureTests
{
    [Theory]
    [InlineData("Out of Memory Error: failed to pin block", DuckDBErrorType.OutOfMemory, FeatureError.StoreUnavailable, "too little memory", "Features:Offline:MemoryLimitMiB")]
    [InlineData("Out of Memory Error: failed to allocate data of size 8 bytes", DuckDBErrorType.Invalid, FeatureError.StoreUnavailable, "too little memory", "Features:Offline:MemoryLimitMiB")]
    [InlineData("IO Error: Could not write file \"a\": No space left on device", DuckDBErrorType.Invalid, FeatureError.StoreUnavailable, "stopped: IO Error", "No space left on device")]
    [InlineData("IO Error: Could not write file \"a\": File too large", DuckDBErrorType.Invalid, FeatureError.StoreUnavailable, "stopped: IO Error", "File too large")]
    [InlineData("Conversion Error: x", DuckDBErrorType.Conversion, FeatureError.InvalidInput, "stopped: Conversion Error", "x")]
    public void Translate_WhatTheEngineSays_IsOfTheMachineOrOfTheData(string message, DuckDBErrorType type, FeatureError error, string said, string hint)
    {
        var exception = Assert.IsType<FeatureException>(DuckDbSession.Translate(message, type, null, CancellationToken.None));

        Assert.Equal(error, exception.Error);
        Assert.Contains(said, exception.Message, StringComparison.Ordinal);
        Assert.Contains(hint, exception.Message, StringComparison.Ordinal);
    }
}
