namespace ZeroWorld.ML.Training.Fraud;

/// <summary>What keeps test rows apart from training rows.</summary>
public enum SplitKind
{
    /// <summary>Test rows are the later ones: what a model meets that is trained today.</summary>
    Time,

    /// <summary>Test rows are all rows of some entities, drawn by their numbers: what a model meets on cards or customers that it has never seen. It says nothing about later times.</summary>
    Entity,
}
