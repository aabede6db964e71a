namespace ZeroWorld.ML.Models;

/// <summary>What a <see cref="BatchInput"/> tells the model, by the names and numbers of Triton's model configuration.</summary>
public enum BatchInputKind
{
    /// <summary>Elements of each request: [requests].</summary>
    ElementCount = 0,

    /// <summary>Elements of each request and all before it: [requests].</summary>
    AccumulatedElementCount = 1,

    /// <summary>The same behind a 0: [requests + 1].</summary>
    AccumulatedElementCountWithZero = 2,

    /// <summary>Zeros, as many as the largest request has elements.</summary>
    MaxElementCountAsShape = 3,

    /// <summary>Shape of each row: [rows, dimensions].</summary>
    ItemShape = 4,

    /// <summary>The same in one dimension: [rows * dimensions].</summary>
    ItemShapeFlatten = 5,
}
