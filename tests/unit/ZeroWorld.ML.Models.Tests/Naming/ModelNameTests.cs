namespace ZeroWorld.ML.Models.Tests;

public sealed class ModelNameTests
{
    [Theory]
    [InlineData("fraud", "default", "fraud")]
    [InlineData("shop/fraud", "shop", "fraud")]
    [InlineData("DenseNet_onnx.v2", "default", "DenseNet_onnx.v2")]
    [InlineData("3d-unet", "default", "3d-unet")]
    public void TryParse_NamesOfRegistryAndFolder_AreRead(string text, string project, string name)
    {
        Assert.True(ModelName.TryParse(text, out var model));
        Assert.Equal((project, name), (model.Project, model.Name));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("-flag")]
    [InlineData("end.")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("a\0")]
    [InlineData("\uFEFFfraud")]
    [InlineData("Shop/fraud")]
    [InlineData("a/b/c")]
    [InlineData("../fraud")]
    [InlineData("fraud/")]
    [InlineData("ｆraud")]
    public void TryParse_WhatCanBeNoName_IsNotRead(string? text) => Assert.False(ModelName.TryParse(text, out _));

    [Fact]
    public void TryParse_LongNames_AreReadUpToTheLimit()
    {
        Assert.True(ModelName.TryParse(new string('A', ModelName.FolderNameLengthMax), out _));
        Assert.False(ModelName.TryParse(new string('A', ModelName.FolderNameLengthMax + 1), out _));
    }

    [Theory]
    [InlineData("Fraud")]
    [InlineData("fraud.v2")]
    public void Constructor_NameThatOnlyAFolderMayHave_IsRefused(string name) =>
        Assert.Equal(RegistryError.InvalidInput, Assert.Throws<RegistryException>(() => new ModelName("default", name)).Error);
}
