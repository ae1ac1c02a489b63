"""STS: who becomes whom, decided on the trust policies as deployed."""
